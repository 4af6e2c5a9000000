import Foundation

/// A program that does not read its input must not end this process.
enum BrokenPipe {
    /// Makes writes to a closed pipe an error instead of a deadly signal, for the whole process. Programs it
    /// starts get the signal's default back.
    static let ignore: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()
}
