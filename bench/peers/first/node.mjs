// Nothing: what a process of Node costs before any library is loaded.
