#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One of the program's streams, as far as somebody looks at it.
enum Terminal: Int32, Sendable {
    case output = 1
    case error = 2

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// How many columns there are; 80 if nobody can tell.
    var width: Int {
        var size = winsize()
        guard ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}

/// The three streams of every program, any of which its caller may have closed: `xqueue list >&-`.
enum StandardStreams {
    /// Gives each closed stream a file that cannot be used as the stream would be. Otherwise the next file or
    /// connection that is opened would get its number, and what is meant for the stream. To be called first of all.
    static func occupyClosed() {
        // Upwards: a new file gets the lowest free number. What is opened the wrong way round fails as a closed
        // stream does; only what standard error is told is lost, since nobody could be told of that.
        let streams = [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        for (number, mode) in streams where fcntl(number, F_GETFD) == -1 && errno == EBADF {
            _ = open("/dev/null", mode)
        }
    }
}
