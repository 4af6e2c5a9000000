import Configuration
import Foundation
import SystemPackage
import XQueue

/// Brings the configuration together: flags over environment over file over defaults.
struct ConfigurationLoader: Sendable {
    /// The words after `xqueue serve` that are no other option.
    var flags: [String]
    var environment: [String: String]
    /// The file that was asked for; nil for `xqueue.yaml` in the working directory, if it is there.
    var file: String?

    static let defaultFile = "xqueue.yaml"

    /// - Throws: ``ConfigurationError`` with everything that is wrong in the first source that has mistakes
    ///   of form, or with all values that are not legal.
    func load() async throws(ConfigurationError) -> ResolvedConfiguration {
        let settings = SettingsTable.all
        let flags = try ServeFlags(flags, settings: settings)
        let file = try openFile(settings: settings)
        let layers = try await layers(flags: flags, file: file)

        var resolved = ResolvedConfiguration()
        var problems: [(ConfigurationError.Kind, String)] = []
        for setting in settings {
            guard let (text, source) = layers.lookUp(setting) else {
                resolved.sources[setting.key] = .default
                continue
            }
            resolved.sources[setting.key] = source
            if !setting.write(text, &resolved.values) {
                let kind: ConfigurationError.Kind = if case .flag = source { .usage } else { .configuration }
                problems.append(
                    (kind, "\(setting.key): '\(setting.shown(text))' (\(source)) must be \(setting.legal)"))
            }
        }
        problems += SecretFiles.read(settings, into: &resolved)
        if let problem = Self.idleness(of: resolved) { problems.append(problem) }
        resolved.values.auth.tokens = file?.tokens ?? []
        resolved.sources[SettingsTable.tokensSection] = (file?.places[SettingsTable.tokensSection]).map {
            .file($0)
        }
        problems += AccessCheck.problems(of: resolved)
        for handler in file?.handlers ?? [] {
            guard let url = handler.webhook?.url, !resolved.values.webhookHosts.allow(url) else { continue }
            problems.append(
                (
                    .configuration,
                    "handlers.\(handler.type): the webhook's host is not in webhooks.allowed_hosts"
                ))
        }
        if let kind = problems.first?.0 { throw ConfigurationError(kind, problems.map(\.1)) }
        resolved.values.handlers = file?.handlers ?? []
        resolved.handlerPlaces = file?.handlerPlaces ?? [:]
        resolved.file = file?.path
        resolved.warnings = EnvironmentCheck.warnings(about: environment, settings: settings)
        return resolved
    }

    /// What is wrong if the process would neither listen nor run tasks.
    private static func idleness(
        of resolved: ResolvedConfiguration
    ) -> (ConfigurationError.Kind, String)? {
        guard !resolved.values.servesHTTP, !resolved.values.queue.runsWorkers else { return nil }
        let sources = ["server.enabled", "queue.workers"].compactMap { resolved.sources[$0] }
        let isByFlag = sources.contains { if case .flag = $0 { true } else { false } }
        return (
            isByFlag ? .usage : .configuration,
            "server.enabled and queue.workers are both off (--no-http and --no-workers), "
                + "which leaves the process nothing to do"
        )
    }

    private func openFile(settings: [Setting]) throws(ConfigurationError) -> ConfigurationFile? {
        let path = file ?? Self.defaultFile
        guard file != nil || FileManager.default.fileExists(atPath: path) else { return nil }
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(.configuration, ["\(path): there is no such file"])
        }
        return try ConfigurationFile(path: path, settings: settings, environment: environment)
    }

    private func layers(
        flags: ServeFlags, file: ConfigurationFile?
    ) async throws(ConfigurationError) -> ConfigurationLayers {
        var provider: FileProvider<YAMLSnapshot>?
        if let file, file.hasContent {
            do {
                provider = try await FileProvider<YAMLSnapshot>(filePath: FilePath(file.path))
            } catch {
                throw ConfigurationError(.configuration, ["\(file.path): \(error)"])
            }
        }
        return ConfigurationLayers(
            flags: flags, environment: environment, file: provider, places: file?.places ?? [:])
    }
}
