import Configuration
import Foundation
import XQueue
import XQueueHandlers

/// Assembles the configuration: flags override the environment, the environment the file, the file the defaults.
struct ConfigurationLoader: Sendable {
    /// The arguments of `xqueue serve` that belong to no other option.
    var flags: [String]
    var environment: [String: String]
    /// The requested file; nil for `xqueue.yaml` in the working directory, if it exists.
    var file: String?

    static let defaultFile = "xqueue.yaml"

    /// - Throws: ``ConfigurationError`` with all syntax problems of the first source that has any, or with all illegal
    ///   values.
    func load() async throws(ConfigurationError) -> ResolvedConfiguration {
        let settings = SettingsTable.all
        let flags = try ServeFlags(flags, settings: settings)
        let file = try openFile(settings: settings)
        let layers = ConfigurationLayers(flags: flags, environment: environment, file: file)

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
        if let problem = Self.idleProblem(of: resolved) { problems.append(problem) }
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
        resolved.values.schedules = file?.schedules
        for name in [SettingsTable.schedulesSection, SettingsTable.schedulesRevision] {
            resolved.sources[name] = (file?.places[name]).map { .file($0) }
        }
        resolved.handlerPlaces = file?.handlerPlaces ?? [:]
        resolved.file = file?.path
        resolved.warnings = EnvironmentCheck.warnings(about: environment, settings: settings)
        return resolved
    }

    /// The problem of a process that would neither listen nor run tasks.
    private static func idleProblem(
        of resolved: ResolvedConfiguration
    ) -> (ConfigurationError.Kind, String)? {
        guard !resolved.values.servesHTTP, !resolved.values.queue.runsWorkers else { return nil }
        let sources = ["server.enabled", "queue.workers"].compactMap { resolved.sources[$0] }
        let isByFlag = sources.contains { if case .flag = $0 { true } else { false } }
        return (
            isByFlag ? .usage : .configuration,
            "server.enabled and queue.workers are both off (--no-http and --no-workers), "
                + "which leaves the process with nothing to do"
        )
    }

    private func openFile(settings: [Setting]) throws(ConfigurationError) -> ConfigurationFile? {
        let path = file ?? Self.defaultFile
        guard file != nil || FileManager.default.fileExists(atPath: path) else { return nil }
        guard FileManager.default.fileExists(atPath: path) else {
            throw ConfigurationError(.configuration, ["\(path): no such file"])
        }
        return try ConfigurationFile(path: path, settings: settings, environment: environment)
    }
}

/// The sources of values, in order of precedence: flags, environment, file.
struct ConfigurationLayers {
    private let flags: any ConfigProvider
    private let environment: any ConfigProvider
    private let file: ConfigurationFile?

    /// - Parameters:
    ///   - flags: The checked command line.
    ///   - environment: All variables; settings begin with `XQUEUE_`.
    ///   - file: The parsed file; nil without one.
    init(flags: ServeFlags, environment: [String: String], file: ConfigurationFile?) {
        // Flags use dashes throughout: `--queue-max-backlog` for `queue.max_backlog`.
        self.flags = CommandLineArgumentsProvider(arguments: flags.arguments).mapKeys { key in
            AbsoluteConfigKey(key.components.map { $0.replacing("_", with: "-") }, context: key.context)
        }
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
            .prefixKeys(with: "xqueue")
        self.file = file
    }

    /// Returns the text of the setting's value and its source; nil if no source has one.
    func lookUp(_ setting: Setting) -> (text: String, source: SettingSource)? {
        let key = AbsoluteConfigKey(setting.components)
        // The flags' provider splits at commas; join the parts again.
        if case .stringArray(let parts)? = value(in: flags, key, .stringArray) {
            return (parts.joined(separator: ","), .flag(setting.flag))
        }
        if case .string(let text)? = value(in: environment, key, .string) {
            return (text, .environment(setting.variable))
        }
        if let text = file?.values[setting.key], let place = file?.places[setting.key] {
            return (text, .file(place))
        }
        return nil
    }

    /// Looks a value up as text, which every provider can return, so no error is possible.
    private func value(
        in provider: any ConfigProvider, _ key: AbsoluteConfigKey, _ type: ConfigType
    ) -> ConfigContent? {
        try? provider.value(forKey: key, type: type).value?.content
    }
}
