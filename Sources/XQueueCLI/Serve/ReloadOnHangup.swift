import Logging
import ServiceLifecycle
import UnixSignals
import XQueueServer

/// Reads the tokens anew when SIGHUP comes, so that they are replaced without a restart.
///
/// If the configuration cannot be used as it is then, the old tokens stay in force.
struct ReloadOnHangup: Service {
    let logger: Logger
    let load: @Sendable () async throws -> ResolvedConfiguration
    let apply: @Sendable (AccessConfiguration) -> Void

    func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                let access = try await load().values.auth.access()
                apply(access)
                logger.info("The tokens were read anew", metadata: ["tokens": "\(access.tokens.count)"])
            } catch {
                logger.error("The tokens cannot be read anew", metadata: ["error": "\(error)"])
            }
        }
    }
}
