#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Keeps a program that does not read its input from killing this process.
package enum BrokenPipe {
    /// Makes writing to a closed pipe an error instead of a fatal signal, for the whole process. Programs it starts get the
    /// signal's default action.
    package static let ignore: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()
}
