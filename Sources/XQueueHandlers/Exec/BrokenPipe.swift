#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A program that does not read its input must not end this process.
package enum BrokenPipe {
    /// Makes writes to a closed pipe an error instead of a deadly signal, for the whole process. Programs it
    /// starts get the signal's default back.
    package static let ignore: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()
}
