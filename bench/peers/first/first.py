import json

import torch

x = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
(gradient,) = torch.autograd.grad((torch.tanh(x) * x).sum(), x)
print(json.dumps(gradient.tolist()))
