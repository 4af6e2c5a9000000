import Logging
import ServiceLifecycle
import UnixSignals
import XQueueServer

/// Reloads the tokens on SIGHUP, without a restart.
///
/// If the configuration is unusable, the old tokens stay in force.
struct ReloadOnHangup: Service {
    let logger: Logger
    let load: @Sendable () async throws -> ResolvedConfiguration
    let apply: @Sendable (AccessConfiguration) -> Void

    func run() async {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                let access = try await load().values.auth.access()
                await access.warnOfUnusableKeys(logger)
                apply(access)
                logger.info("Reloaded tokens", metadata: ["tokens": "\(access.tokens.count)"])
            } catch {
                logger.error("Could not reload tokens", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension AccessConfiguration {
    /// Logs the keys that cannot verify tokens.
    func warnOfUnusableKeys(_ logger: Logger) async {
        for key in await jwt?.unusableKeys() ?? [] {
            logger.warning("Skipped a key of auth.jwt.jwks_file", metadata: ["reason": "\(key)"])
        }
    }
}
