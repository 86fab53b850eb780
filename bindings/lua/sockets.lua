-- As much of the C library's sockets as the tests need: LuaJIT has none of its own. (Linux.)

local ffi = require("ffi")

ffi.cdef([[
struct test_sockaddr_in { uint16_t family; uint16_t port; uint32_t address; uint8_t zero[8]; };
int socket(int domain, int type, int protocol);
int socketpair(int domain, int type, int protocol, int pair[2]);
int bind(int fd, const struct test_sockaddr_in *address, unsigned len);
int listen(int fd, int backlog);
int accept(int fd, void *address, unsigned *len);
int connect(int fd, const struct test_sockaddr_in *address, unsigned len);
int getsockname(int fd, struct test_sockaddr_in *address, unsigned *len);
int close(int fd);
int getpid(void);
uint16_t htons(uint16_t port);
uint32_t htonl(uint32_t address);
]])

local AF_UNIX, AF_INET, SOCK_STREAM, SOCK_NONBLOCK = 1, 2, 1, 2048
local sockets = { close = ffi.C.close }

local function good(result)
    return result >= 0 and result or error("errno " .. ffi.errno(), 2)
end

local function localhost(port)
    return ffi.new("struct test_sockaddr_in", { AF_INET, ffi.C.htons(port), ffi.C.htonl(0x7f000001) })
end

-- A listening socket on 127.0.0.1, and its port.
function sockets.listen()
    local fd, address = good(ffi.C.socket(AF_INET, SOCK_STREAM, 0)), localhost(0)
    good(ffi.C.bind(fd, address, ffi.sizeof(address)))
    good(ffi.C.listen(fd, 5))
    good(ffi.C.getsockname(fd, address, ffi.new("unsigned[1]", ffi.sizeof(address))))
    return fd, ffi.C.htons(address.port)
end

function sockets.accept(fd)
    return good(ffi.C.accept(fd, nil, nil))
end

function sockets.connect(port)
    local fd, address = good(ffi.C.socket(AF_INET, SOCK_STREAM, 0)), localhost(port)
    good(ffi.C.connect(fd, address, ffi.sizeof(address)))
    return fd
end

-- Two connected sockets that do not block.
function sockets.pair()
    local pair = ffi.new("int[2]")
    good(ffi.C.socketpair(AF_UNIX, SOCK_STREAM + SOCK_NONBLOCK, 0, pair))
    return pair[0], pair[1]
end

return sockets
