# A bridge to native/CMakeLists.txt, for `node-gyp rebuild`: it has no sources of its own.
{
  "targets": [
    {
      "target_name": "onward",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["native/CMakeLists.txt"],
          "outputs": ["build/Release/onward.node"],
          "action": ["npx", "--no-install", "cmake-js", "compile", "--directory", "native", "--out", "build/native"],
        },
      ],
    },
  ],
}
