import XQueueServer
import Yams

/// One walk over the keys of a configuration file, which gathers what is wrong with them.
struct ConfigurationFileWalk {
    let path: String
    let settings: [Setting]
    /// Where handlers find the secrets they name.
    let environment: [String: String]
    private(set) var problems: [String] = []
    private(set) var places: [String: FilePlace] = [:]
    private(set) var handlers: [HandlerDefinition] = []
    private(set) var handlerPlaces: [String: FilePlace] = [:]
    private(set) var tokens: [AccessToken] = []

    init(path: String, settings: [Setting], environment: [String: String]) {
        self.path = path
        self.settings = settings
        self.environment = environment
    }

    mutating func root(_ node: Node) {
        guard let mapping = node.mapping else {
            return report("the file must hold sections such as 'server:'", at: node)
        }
        for (key, value) in mapping {
            guard let name = key.string else {
                report("a key must be text", at: key)
                continue
            }
            if name == SettingsTable.handlersSection {
                readHandlers(value)
            } else {
                section(name, value, key: key)
            }
        }
    }

    mutating func report(_ problem: String, at node: Node) {
        problems.append("\(place(of: node)): \(problem)")
    }

    func place(of node: Node) -> FilePlace {
        FilePlace(path: path, line: node.mark?.line)
    }

    // MARK: - Settings

    private mutating func section(_ name: String, _ node: Node, key: Node) {
        let sections = Set(settings.compactMap(\.components.first))
        guard sections.contains(name) else {
            let known = sections.sorted() + [SettingsTable.handlersSection]
            return report("unknown key '\(name)'\(Suggestion.phrase(for: name, among: known))", at: key)
        }
        // A section with nothing in it, as when all its lines are commented out.
        if node.isEmptyScalar { return }
        guard let mapping = node.mapping else {
            return report("'\(name)' must be a section of settings, like 'key: value'", at: key)
        }
        for (key, value) in mapping {
            setting(section: name, key: key, value: value)
        }
    }

    private mutating func setting(section: String, key: Node, value: Node) {
        let name = "\(section).\(key.string ?? "?")"
        if name == SettingsTable.tokensSection {
            if value.isEmptyScalar { return }
            var reader = TokenSectionReader()
            reader.read(value)
            for problem in reader.problems { report(problem.text, at: problem.node) }
            tokens = reader.tokens
            places[name] = place(of: key)
            return
        }
        // A section within the section, such as `redis.tls`.
        if settings.contains(where: { $0.key.hasPrefix(name + ".") }) {
            if value.isEmptyScalar { return }
            guard let mapping = value.mapping else {
                return report("'\(name)' must be a section of settings, like 'key: value'", at: key)
            }
            for (key, value) in mapping { setting(section: name, key: key, value: value) }
            return
        }
        guard settings.contains(where: { $0.key == name }) else {
            return report(
                "unknown key '\(name)'\(Suggestion.phrase(for: name, among: settings.map(\.key) + [SettingsTable.tokensSection]))",
                at: key)
        }
        guard value.scalar != nil else {
            return report("'\(name)' must be a single value", at: key)
        }
        guard !value.isEmptyScalar else {
            return report("'\(name)' has no value", at: key)
        }
        places[name] = place(of: key)
    }

    // MARK: - Handlers

    private mutating func readHandlers(_ node: Node) {
        if node.isEmptyScalar { return }
        guard let mapping = node.mapping else {
            return report("'handlers' must be a section of task types", at: node)
        }
        for (key, value) in mapping {
            guard let type = key.string else {
                report("a task type must be text", at: key)
                continue
            }
            var reader = HandlerDefinitionReader(type: type, path: path, environment: environment)
            if let definition = reader.read(value, key: key) {
                handlers.append(definition)
                handlerPlaces[type] = place(of: key)
            }
            for problem in reader.problems { report(problem.text, at: problem.node) }
        }
    }
}

extension Node {
    /// True for a key with nothing after it; a quoted empty text is a value.
    var isEmptyScalar: Bool {
        guard let scalar else { return false }
        return scalar.style == .plain
            && (scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null")
    }
}
