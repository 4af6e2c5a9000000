import Foundation
import XQueueServer
import Yams

/// A configuration file, all of whose keys are known, with the line of each.
///
/// It is parsed once: a single walk over its tree makes sure that nothing is silently ignored, gathers the settings'
/// values as text, and reads the sections `handlers`, `schedules` and `auth.tokens`, which are not settings.
struct ConfigurationFile: Sendable {
    let path: String
    /// The text of each setting's value, by its key.
    let values: [String: String]
    /// Where each setting is, by its key.
    let places: [String: FilePlace]
    let handlers: [HandlerDefinition]
    /// Where each handler is, by its type.
    let handlerPlaces: [String: FilePlace]
    /// The tokens of the section `auth.tokens`.
    let tokens: [AccessToken]
    /// The section `schedules`; nil if the file has neither it nor a revision.
    let schedules: FileSchedules?

    /// - Throws: ``ConfigurationError`` if the file cannot be read, is not YAML, or has an unknown key.
    init(
        path: String, settings: [Setting], environment: [String: String] = [:]
    ) throws(ConfigurationError) {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError(.configuration, ["\(path): cannot read the file as UTF-8 text"])
        }
        try self.init(text: text, path: path, settings: settings, environment: environment)
    }

    /// - Throws: ``ConfigurationError`` if `text` is not YAML, or has an unknown key.
    init(
        text: String, path: String, settings: [Setting], environment: [String: String] = [:]
    ) throws(ConfigurationError) {
        self.path = path
        let root = try Self.root(of: text, path: path)
        var walk = ConfigurationFileWalk(path: path, settings: settings, environment: environment)
        if let root { walk.root(root) }
        guard walk.problems.isEmpty else { throw ConfigurationError(.configuration, walk.problems) }
        values = walk.values
        places = walk.places
        handlers = walk.handlers
        handlerPlaces = walk.handlerPlaces
        tokens = walk.tokens
        schedules = walk.schedules
    }

    private static func root(of text: String, path: String) throws(ConfigurationError) -> Node? {
        do {
            guard let node = try Yams.compose(yaml: text) else { return nil }
            if node.scalar?.string.isEmpty == true { return nil }
            return node
        } catch let error as YamlError {
            let (problem, mark) = Self.explain(error)
            let place = FilePlace(path: path, line: mark?.line)
            throw ConfigurationError(.configuration, ["\(place): \(problem)"])
        } catch {
            throw ConfigurationError(.configuration, ["\(path): \(error)"])
        }
    }

    private static func explain(_ error: YamlError) -> (String, Mark?) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ("the file is not YAML: \(problem)", mark)
        case .duplicatedKeysInMapping(let duplicates, let context):
            ("duplicate key '\(duplicates.joined(separator: "', '"))'", context.mark)
        default:
            ("the file is not YAML: \(error)", nil)
        }
    }
}

/// A walk over the keys of a configuration file that collects values and problems.
struct ConfigurationFileWalk {
    let path: String
    let settings: [Setting]
    /// Where the secrets that handlers name are looked up.
    let environment: [String: String]
    private(set) var problems: [String] = []
    private(set) var values: [String: String] = [:]
    private(set) var places: [String: FilePlace] = [:]
    private(set) var handlers: [HandlerDefinition] = []
    private(set) var handlerPlaces: [String: FilePlace] = [:]
    private(set) var tokens: [AccessToken] = []
    private(set) var schedules: FileSchedules?

    init(path: String, settings: [Setting], environment: [String: String]) {
        self.path = path
        self.settings = settings
        self.environment = environment
    }

    mutating func root(_ node: Node) {
        guard let mapping = node.mapping else {
            return report("the file must consist of sections such as 'server:'", at: node)
        }
        for (key, value) in mapping {
            guard let name = key.string else {
                report("a key must be text", at: key)
                continue
            }
            if name == SettingsTable.handlersSection {
                readHandlers(value)
            } else if name == SettingsTable.schedulesSection {
                readSchedules(value, at: key)
            } else if name == SettingsTable.schedulesRevision {
                readRevision(value, at: key)
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
            let known =
                sections.sorted() + [
                    SettingsTable.handlersSection, SettingsTable.schedulesSection,
                    SettingsTable.schedulesRevision,
                ]
            return report("unknown key '\(name)'\(Suggestion.phrase(for: name, among: known))", at: key)
        }
        // An empty section, as when all its lines are commented out.
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
        // A nested section, such as `redis.tls`.
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
        guard let scalar = value.scalar else {
            return report("'\(name)' must be a single value", at: key)
        }
        guard !value.isEmptyScalar else {
            return report("'\(name)' has no value", at: key)
        }
        values[name] = scalar.string
        places[name] = place(of: key)
    }

    // MARK: - Schedules

    private mutating func readSchedules(_ node: Node, at key: Node) {
        var reader = ScheduleSectionReader()
        if !node.isEmptyScalar { reader.read(node) }
        for problem in reader.problems { report(problem.text, at: problem.node) }
        schedules = FileSchedules(revision: schedules?.revision ?? 0, schedules: reader.schedules)
        places[SettingsTable.schedulesSection] = place(of: key)
    }

    private mutating func readRevision(_ node: Node, at key: Node) {
        guard let revision = node.scalar.flatMap({ Int($0.string) }), 0...1_000_000_000_000 ~= revision else {
            return report("'\(SettingsTable.schedulesRevision)' must be between 0 and 1000000000000", at: key)
        }
        schedules = FileSchedules(revision: revision, schedules: schedules?.schedules ?? [])
        places[SettingsTable.schedulesRevision] = place(of: key)
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
    /// Whether this is a key with nothing after it; a quoted empty string is a value.
    var isEmptyScalar: Bool {
        guard let scalar else { return false }
        return scalar.style == .plain
            && (scalar.string.isEmpty || scalar.string == "~" || scalar.string == "null")
    }
}
