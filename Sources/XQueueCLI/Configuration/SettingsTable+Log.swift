extension SettingsTable {
    /// The program's log.
    static let log: [Setting] = [
        Setting(
            "log.format", .choice, \.log.format,
            "Lines for people, or one JSON object a line; auto leaves it to server.mode."),
        Setting(
            "log.level", .choice, \.log.level,
            "The lowest level that is logged; auto leaves it to server.mode. It can be changed at run time."),
    ]
}
