#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Hides this process's secrets from the programs it starts, which run as the same user.
enum ProcessSecrecy {
    /// `PR_SET_DUMPABLE`
    private static let setDumpable: CInt = 4

    /// Makes the process undumpable: only root can read its environment and memory in `/proc` or attach a debugger, and no
    /// core, which would contain both, is dumped.
    ///
    /// Started programs do not inherit this.
    static func begin() {
        #if os(Linux)
        // Swift cannot import variadic functions.
        typealias Control =
            @convention(c) (CInt, CUnsignedLong, CUnsignedLong, CUnsignedLong, CUnsignedLong) -> CInt
        guard let symbol = dlsym(nil, "prctl") else { return }
        _ = unsafeBitCast(symbol, to: Control.self)(setDumpable, 0, 0, 0, 0)
        #endif
    }
}
