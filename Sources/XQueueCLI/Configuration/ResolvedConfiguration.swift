/// The configuration as it came together, and where each part came from.
struct ResolvedConfiguration: Sendable {
    var values = ServeConfiguration()
    /// By the setting's key.
    var sources: [String: SettingSource] = [:]
    /// By the handler's type.
    var handlerPlaces: [String: FilePlace] = [:]
    /// The file that was read, if there was one.
    var file: String?
    /// What is odd but not wrong.
    var warnings: [String] = []
}
