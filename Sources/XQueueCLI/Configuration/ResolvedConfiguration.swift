/// The assembled configuration, with the source of each part.
struct ResolvedConfiguration: Sendable {
    var values = ServeConfiguration()
    /// By the setting's key.
    var sources: [String: SettingSource] = [:]
    /// By the handler's type.
    var handlerPlaces: [String: FilePlace] = [:]
    /// The file that was read, if any.
    var file: String?
    /// What looks like a mistake but is legal.
    var warnings: [String] = []
}

/// Where the value of a setting came from.
enum SettingSource: Sendable, Hashable, CustomStringConvertible {
    case flag(String)
    case environment(String)
    case file(FilePlace)
    /// The contents of a file that another setting names.
    case contents(String)
    case `default`

    var description: String {
        switch self {
        case .flag(let name): "flag \(name)"
        case .environment(let name): "environment \(name)"
        case .file(let place): "file \(place)"
        case .contents(let path): "contents of \(path)"
        case .default: "default"
        }
    }
}

/// A line of the configuration file.
struct FilePlace: Sendable, Hashable, CustomStringConvertible {
    let path: String
    /// Line number, from 1; nil for the whole file.
    let line: Int?

    var description: String { line.map { "\(path):\($0)" } ?? path }
}
