#if Redis

import Foundation
@testable import XQueueRedis
import XQueueTestServers

/// The rights that XQueue's Redis user needs, derived from the scripts and the client's sources.
enum RedisRights {
    /// Commands whose subcommands are separate rights.
    private static let containers: Set = ["CLIENT", "CLUSTER", "SCRIPT", "SENTINEL"]
    /// Commands for Cluster and Sentinel only, which are documented separately.
    private static let special: Set = ["CLUSTER", "SENTINEL"]

    /// The commands that a script runs, either in a call or by queueing writes.
    static func commands(in script: String) -> Set<String> {
        let calls = script.matches(of: /(?:redis\.p?call|queue|look)\(\s*'([A-Z]+)'/).map { String($0.1) }
        // The steps of `probe.lua`.
        let steps = script.matches(of: /\{'([A-Z]+)'[,}]/).map { String($0.1) }
        return Set(calls + steps)
    }

    static func ofScripts() throws -> Set<String> {
        try RedisScript.allCases.reduce(into: []) { all, script in
            all.formUnion(commands(in: try ScriptText.text(of: script)))
        }
    }

    /// The commands that the client itself sends, such as `client|setname`.
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

    /// The rules for `ACL SETUSER`, given the patterns of keys and channels.
    static func rules(keys: String, channels: String) throws -> String {
        let commands = try ofScripts().union(try ofClient()).map { "+" + $0.lowercased() }.sorted()
        return (["resetkeys", "~\(keys)", "resetchannels", "&\(channels)", "-@all"] + commands)
            .joined(separator: " ")
    }

    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized
}

extension RedisServer {
    /// A server shared by tests that only need keys of their own, accessed with the documented rights only. It ends
    /// with the process.
    static var guarded: RedisServer {
        get async throws { try await guardedStart.value }
    }

    /// The address with the credentials of the user with these rights.
    var guardedAddress: String { "redis://xqueue:secret@\(address)" }

    /// Completes once the server responds.
    private static let guardedStart = Task {
        var options = RedisOptions()
        options.users = ["xqueue on >secret " + (try RedisRights.rules(keys: "{test-*", channels: "{test-*"))]
        return try await start(options)
    }
}

#endif
