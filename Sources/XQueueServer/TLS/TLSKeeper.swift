import Logging
import NIOSSL
import Synchronization

/// Holds the certificate for new connections, and reloads it when it is renewed, without a restart.
///
/// Open connections keep the certificate they began with.
final class TLSKeeper: Sendable {
    private struct State {
        var context: NIOSSLContext
        var stamp: CertificateFiles.Stamp?
    }

    /// How often to check the files for changes.
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

    /// Loads the files if they have changed; keeps the current certificate if they cannot be used.
    func refresh() {
        let stamp = files.stamp
        guard let stamp, stamp != state.withLock({ $0.stamp }) else { return }
        do {
            let context = try files.makeContext()
            state.withLock { $0 = State(context: context, stamp: stamp) }
            logger.info("Reloaded the certificate", metadata: ["file": "\(files.certificateFile)"])
        } catch {
            // One of the files may still be being written; the next check retries.
            logger.warning("Could not reload the certificate", metadata: ["error": "\(error)"])
        }
    }

    /// Watches the files until the Swift task is canceled.
    func watch() async {
        while (try? await Task.sleep(for: Self.period)) != nil { refresh() }
    }
}
