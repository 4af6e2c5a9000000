/// The command line of `xqueue serve`, validated against the settings.
///
/// The flags' configuration provider accepts any flag, so it gets the validated ones, rewritten as `--name=value`.
struct ServeFlags: Sendable {
    /// The provider's input: the program's name, then `--name=value`.
    let arguments: [String]

    /// - Throws: ``ConfigurationError`` for an unknown or repeated flag, a missing value, or a stray argument.
    init(_ words: [String], settings: [Setting]) throws(ConfigurationError) {
        var arguments = ["xqueue"]
        var problems: [String] = []
        var seen: Set<String> = []
        var rest = words[...]
        while let word = rest.popFirst() {
            guard word.hasPrefix("--"), word.count > 2 else {
                problems.append("unexpected argument '\(word)'")
                continue
            }
            if let setting = settings.first(where: { $0.offFlag == word || $0.onFlag == word }) {
                if seen.insert(setting.flag).inserted {
                    arguments.append("\(setting.flag)=\(setting.onFlag == word)")
                } else {
                    problems.append("flag '\(setting.flag)' is given twice, once as '\(word)'")
                }
                continue
            }
            let name = String(word.prefix { $0 != "=" })
            var value = word.count > name.count ? String(word.dropFirst(name.count + 1)) : nil
            if value == nil, let next = rest.first, !next.hasPrefix("--") { value = rest.popFirst() }
            guard settings.contains(where: { $0.flag == name }) else {
                let known =
                    settings.map(\.flag) + settings.compactMap(\.offFlag) + settings.compactMap(\.onFlag)
                let suggestion = Suggestion.phrase(for: name, among: known)
                problems.append("unknown flag '\(name)'\(suggestion)")
                continue
            }
            guard seen.insert(name).inserted else {
                problems.append("flag '\(name)' is given twice")
                continue
            }
            guard let value else {
                problems.append("flag '\(name)' needs a value")
                continue
            }
            arguments.append("\(name)=\(value)")
        }
        guard problems.isEmpty else { throw ConfigurationError(.usage, problems) }
        self.arguments = arguments
    }
}
