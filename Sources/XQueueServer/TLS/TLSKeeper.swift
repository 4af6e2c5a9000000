import Logging
import NIOSSL
import Synchronization

/// Holds the certificate that new connections are shown, and takes a renewed one without a restart.
///
/// Connections that are open keep the one they began with.
final class TLSKeeper: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamp: CertificateFiles.Stamp?
    }

    /// How often the files are looked at.
    static let period = Duration.seconds(5)

    private let files: CertificateFiles
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: ``ServerError`` if the files cannot be used.
    init(_ files: CertificateFiles, logger: Logger) throws(ServerError) {
        self.files = files
        self.logger = logger
        let stamp = files.stamp
        state = Mutex(State(context: try files.makeContext(), stamp: stamp))
    }

    var context: NIOSSLContext { state.withLock { $0.context } }

    /// Takes the files if they have changed; keeps what it has if they cannot be used.
    func refresh() {
        let stamp = files.stamp
        guard let stamp, stamp != state.withLock({ $0.stamp }) else { return }
        do {
            let context = try files.makeContext()
            state.withLock { $0 = State(context: context, stamp: stamp) }
            logger.info("A renewed certificate is in use", metadata: ["file": "\(files.certificateFile)"])
        } catch {
            // Perhaps one of the two is still being written; the next look sees a change again.
            logger.warning("A changed certificate cannot be used", metadata: ["error": "\(error)"])
        }
    }

    /// Looks at the files until the Swift task is canceled.
    func watch() async {
        while (try? await Task.sleep(for: Self.period)) != nil { refresh() }
    }
}
