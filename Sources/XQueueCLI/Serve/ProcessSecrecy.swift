#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Keeps what this process knows from the programs it starts, which run as the same user.
enum ProcessSecrecy {
    /// `PR_SET_DUMPABLE`
    private static let setDumpable: CInt = 4

    /// From now on nobody but the system's administrator can look into this process: neither at its environment and
    /// its memory in `/proc`, nor with a debugger. A core is not dumped either, which would hold all of it.
    ///
    /// The programs are not like that themselves.
    static func begin() {
        #if os(Linux)
        // Functions with as many arguments as the caller likes are not there for Swift.
        typealias Control =
            @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let symbol = dlsym(nil, "prctl") else { return }
        _ = unsafeBitCast(symbol, to: Control.self)(setDumpable, 0, 0, 0, 0)
        #endif
    }
}
