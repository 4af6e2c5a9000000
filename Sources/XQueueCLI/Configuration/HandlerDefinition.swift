import Foundation
import XQueueCore
import XQueueHandlers
import Yams

/// A task type served by a program or a webhook: one entry of the `handlers` section.
struct HandlerDefinition: Sendable, Hashable {
    /// What runs the tasks.
    enum Runner: Sendable, Hashable {
        case program(ExecProgram)
        case service(Webhook)
    }

    let type: String
    var runner: Runner
    /// Maximum number of tasks of the type running simultaneously; nil = no limit.
    var maxConcurrency: Int?

    /// The program that runs the tasks; nil if a webhook does.
    var program: ExecProgram? {
        if case .program(let program) = runner { program } else { nil }
    }

    /// The webhook that runs the tasks; nil if a program does.
    var webhook: Webhook? {
        if case .service(let webhook) = runner { webhook } else { nil }
    }
}

/// Reads one entry of the `handlers` section.
struct HandlerDefinitionReader {
    let type: String
    /// The file's path; relative paths start from its folder.
    let path: String
    private(set) var problems: [(text: String, node: Node)] = []

    private static let members = [
        "exec", "max_concurrency", "env", "env_from", "working_directory", "max_output",
    ]

    private let environment: [String: String]

    init(type: String, path: String, environment: [String: String]) {
        self.type = type
        self.path = path
        self.environment = environment
    }

    /// Returns the definition; nil if it has ``problems``.
    mutating func read(_ node: Node, key: Node) -> HandlerDefinition? {
        if type == ExampleHandler.type {
            add("the task type '\(type)' is built in", key)
        }
        if !Self.isLegal(type: type) {
            add("must be 1 to \(ModelLimits.typeLength) letters, digits, '.', '_', ':' or '-'", key)
        }
        guard let mapping = node.mapping else {
            add("must be a section with 'exec: [program, argument …]' or 'webhook: https://…'", key)
            return nil
        }
        if mapping["webhook"] != nil { return readWebhook(mapping) }
        var program = ExecProgram("", workingDirectory: folder)
        var maxConcurrency: Int?
        for (name, value) in mapping {
            if name.string == "max_concurrency" {
                maxConcurrency = limit(value, at: name)
            } else {
                member(name.string ?? "?", value, at: name, into: &program)
            }
        }
        if mapping["exec"] == nil {
            add("'exec' or 'webhook' is required: the program or service that runs the tasks", key)
        }
        guard problems.isEmpty else { return nil }
        return HandlerDefinition(type: type, runner: .program(program), maxConcurrency: maxConcurrency)
    }

    private mutating func readWebhook(_ mapping: Node.Mapping) -> HandlerDefinition? {
        var maxConcurrency: Int?
        var webhook = WebhookDefinitionReader(folder: folder, environment: environment)
        for (name, value) in mapping {
            let word = name.string ?? "?"
            if WebhookDefinitionReader.members.contains(word) {
                webhook.member(word, value, at: name)
            } else if word == "max_concurrency" {
                maxConcurrency = limit(value, at: name)
            } else if Self.members.contains(word) {
                add("'\(word)' cannot be combined with 'webhook'", name)
            } else {
                let known = WebhookDefinitionReader.members + ["max_concurrency"]
                add("unknown key '\(word)'\(Suggestion.phrase(for: word, among: known))", name)
            }
        }
        for problem in webhook.problems { add(problem.text, problem.node) }
        guard problems.isEmpty else { return nil }
        return HandlerDefinition(
            type: type, runner: .service(webhook.definition), maxConcurrency: maxConcurrency)
    }

    private mutating func limit(_ value: Node, at key: Node) -> Int? {
        let kind = SettingKind<Int>.integer(1...ModelLimits.maxConcurrency)
        let limit = value.scalar.flatMap { kind.parse($0.string) }
        if limit == nil { add("'max_concurrency' must be \(kind.legal)", key) }
        return limit
    }

    private mutating func member(
        _ name: String, _ value: Node, at key: Node, into program: inout ExecProgram
    ) {
        switch name {
        case "exec":
            let words = value.sequence?.compactMap(\.scalar?.string) ?? []
            guard !words.isEmpty, words.count == value.sequence?.count, words[0] != "" else {
                return add("'exec' must be a list, like [\"./run.sh\", \"--fast\"]", key)
            }
            program.path = words[0]
            program.arguments = Array(words.dropFirst())
        case "max_output":
            let kind = SettingKind<Int>.bytes(1024...(1 << 30))
            guard let size = value.scalar.flatMap({ kind.parse($0.string) }) else {
                return add("'max_output' must be \(kind.legal)", key)
            }
            program.maxOutput = size
        case "working_directory":
            guard let directory = value.scalar?.string, !directory.isEmpty else {
                return add("'working_directory' must be a path", key)
            }
            program.workingDirectory = Self.absolute(directory, in: folder)
        case "env_from":
            let names = value.sequence?.compactMap(\.scalar?.string) ?? []
            guard names.count == value.sequence?.count,
                !names.contains(where: { $0.isEmpty || $0.contains("=") || $0.utf8.contains(0) })
            else { return add("'env_from' must be a list of variable names", key) }
            program.inheritedVariables = names
        case "env":
            environment(value, at: key, into: &program)
        default:
            add("unknown key '\(name)'\(Suggestion.phrase(for: name, among: Self.members))", key)
        }
    }

    private mutating func environment(
        _ node: Node, at key: Node, into program: inout ExecProgram
    ) {
        guard let mapping = node.mapping else {
            return add("'env' must be a section of names and values", key)
        }
        for (name, value) in mapping {
            guard let name = name.string, let text = value.scalar?.string, !name.isEmpty,
                !name.contains("="), !(name + text).utf8.contains(0)
            else {
                add("'env' must hold names and single values", value)
                continue
            }
            program.environment[name] = text
        }
    }

    private mutating func add(_ text: String, _ node: Node) {
        problems.append(("handlers.\(type): \(text)", node))
    }

    private var folder: String {
        let file = Self.absolute(path, in: FileManager.default.currentDirectoryPath)
        return (file as NSString).deletingLastPathComponent
    }

    private static func absolute(_ path: String, in folder: String) -> String {
        path.hasPrefix("/")
            ? path : URL(filePath: path, relativeTo: URL(filePath: folder + "/")).standardized.path
    }

    private static func isLegal(type: String) -> Bool {
        1...ModelLimits.typeLength ~= type.utf8.count
            && type.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                    || "._:-".unicodeScalars.contains(scalar)
            }
    }
}
