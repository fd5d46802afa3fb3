PNG = b""
