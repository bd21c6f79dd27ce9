/** Errors of the operating system, by their code, in words that follow a name and a colon. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "there is a folder of this name",
  EEXIST: "there is a file of this name",
  ENOTEMPTY: "there is a folder of this name",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "its links lead in a circle",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENXIO: "it is a socket or a device, not a file",
  EIO: "the disk failed to read or write",
  EBUSY: "it is in use",
  EXDEV: "it lies on another disk",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
  ERR_INVALID_ARG_VALUE: "its name holds a null byte",
};

/** Why the system refused, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === "string" && Object.hasOwn(reasons, code)) return reasons[code];
  return typeof code === "string" ? `the system says ${code}` : `${message ?? error}`.split("\n")[0];
}
