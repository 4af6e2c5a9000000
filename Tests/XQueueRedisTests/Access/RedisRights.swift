#if Redis

import Foundation
@testable import XQueueRedis
import XQueueTestServers

/// The rights that XQueue's user at Redis needs, as the scripts and the client's sources have them.
enum RedisRights {
    /// Commands whose first argument is a right of its own.
    private static let containers: Set = ["CLIENT", "CLUSTER", "SCRIPT", "SENTINEL"]
    /// What only some ways of running Redis need; they are told apart in the documents.
    private static let special: Set = ["CLUSTER", "SENTINEL"]

    /// The commands that a script runs: named in a call, or where calls are gathered.
    static func commands(in script: String) -> Set<String> {
        let calls = script.matches(of: /(?:redis\.p?call|queue|look)\(\s*'([A-Z]+)'/).map { String($0.1) }
        // The steps of the probe.
        let steps = script.matches(of: /\{'([A-Z]+)'[,}]/).map { String($0.1) }
        return Set(calls + steps)
    }

    static func ofScripts() throws -> Set<String> {
        try RedisScript.allCases.reduce(into: []) { all, script in
            all.formUnion(commands(in: try ScriptText.text(of: script)))
        }
    }

    /// The commands that the client sends by itself, such as `client|setname`.
    static func ofClient() throws -> Set<String> {
        var commands: Set<String> = []
        let folder = root.appending(path: "Sources/XQueueRedis")
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /RedisCommand\(\s*"([A-Z]+)"(?:,\s*"([A-Za-z]+)")?/) {
                let name = String(match.1)
                guard !special.contains(name) else { continue }
                let argument = match.2.map { "|\($0)" } ?? ""
                commands.insert(containers.contains(name) ? name + argument : name)
            }
            commands.formUnion(text.matches(of: /command\("(EVAL[A-Z]*)"/).map { String($0.1) })
        }
        return commands
    }

    /// The rules of a user whose queues' hash tags begin with `tag`, as `ACL SETUSER` takes them.
    static func rules(keys: String, channels: String) throws -> String {
        let commands = try ofScripts().union(try ofClient()).map { "+" + $0.lowercased() }.sorted()
        return (["resetkeys", "~\(keys)", "resetchannels", "&\(channels)", "-@all"] + commands)
            .joined(separator: " ")
    }

    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
}

extension RedisServer {
    /// A server for all tests that only need keys of their own, which they reach with no more rights than the
    /// documents give. It ends with the process.
    static var guarded: RedisServer {
        get async throws { try await guardedStart.value }
    }

    /// Where the user with those rights logs in.
    var guardedAddress: String { "redis://xqueue:secret@\(address)" }

    /// Ends by itself once the server answers.
    private static let guardedStart = Task {
        var options = RedisOptions()
        options.users = ["xqueue on >secret " + (try RedisRights.rules(keys: "{test-*", channels: "{test-*"))]
        return try await start(options)
    }
}

#endif
