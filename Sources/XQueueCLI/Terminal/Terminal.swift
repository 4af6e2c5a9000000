#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An output stream that may be a terminal.
enum Terminal: Int32, Sendable {
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Number of columns; 80 if unknown.
    var width: Int {
        var size = winsize()
        guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// The three standard streams, any of which the caller may have closed: `xqueue list >&-`.
enum StandardStreams {
    /// Opens an unusable file in place of each closed stream. Otherwise the next file or connection would get its
    /// descriptor, and the output meant for the stream. Must be called first of all.
    static func occupyClosed() {
        // In ascending order: a new file gets the lowest free number. The wrong mode makes reads and writes fail like those
        // of a closed stream, except on standard error, whose failure could not be reported anyway.
        let streams = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        for (number, mode) in streams where fcntl(number, F_GETFD) == -1 && errno == EBADF {
            _ = open("/dev/null", mode)
        }
    }
}
