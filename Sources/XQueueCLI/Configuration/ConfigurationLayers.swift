import Configuration

/// The providers, in the order in which they are asked.
struct ConfigurationLayers {
    private let flags: any ConfigProvider
    private let environment: any ConfigProvider
    private let file: FileProvider<YAMLSnapshot>?
    private let places: [String: FilePlace]

    init(
        flags: ServeFlags, environment: [String: String], file: FileProvider<YAMLSnapshot>?,
        places: [String: FilePlace]
    ) {
        // Flags are spelt with dashes throughout: `--queue-max-backlog` for `queue.max_backlog`.
        self.flags = CommandLineArgumentsProvider(arguments: flags.arguments).mapKeys { key in
            AbsoluteConfigKey(key.components.map { $0.replacing("_", with: "-") }, context: key.context)
        }
        self.environment = EnvironmentVariablesProvider(environmentVariables: environment)
            .prefixKeys(with: "xqueue")
        self.file = file
        self.places = places
    }

    /// The text of the setting's value and where it stands; nil if nobody gave one.
    func lookUp(_ setting: Setting) -> (text: String, source: SettingSource)? {
        let key = AbsoluteConfigKey(setting.components)
        // The flags' provider splits at commas; what was one value is put together again.
        if case .stringArray(let parts)? = answer(of: flags, key, .stringArray) {
            return (parts.joined(separator: ","), .flag(setting.flag))
        }
        if case .string(let text)? = answer(of: environment, key, .string) {
            return (text, .environment(setting.variable))
        }
        if let file, let place = places[setting.key], case .string(let text)? = answer(of: file, key, .string)
        {
            return (text, .file(place))
        }
        return nil
    }

    /// Every value is asked for as text, which each provider has, so that nothing is there to be thrown.
    private func answer(
        of provider: any ConfigProvider, _ key: AbsoluteConfigKey, _ type: ConfigType
    ) -> ConfigContent? {
        try? provider.value(forKey: key, type: type).value?.content
    }
}
