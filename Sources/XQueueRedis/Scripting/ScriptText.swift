#if Redis

/// Puts scripts together: a verb's file, before it the pieces its `-- include` line names, and numbers in
/// place of `$WORDS`.
enum ScriptText {
    /// The whole text of a script.
    ///
    /// - Throws: ``RedisError`` if a file names a piece or a word that does not exist.
    static func make(_ script: RedisScript) throws(RedisError) -> String {
        let verb = try file(script.rawValue)
        var parts: [Substring] = []
        for piece in includes(of: verb) { parts.append(code(of: try file(String(piece)))) }
        parts.append(code(of: verb))
        return try substitute(in: parts.joined(separator: "\n"))
    }

    private static func file(_ name: String) throws(RedisError) -> String {
        guard let bytes = ScriptFiles.all[name] else {
            throw RedisError(.unfit, "there is no script \(name).lua")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func includes(of text: String) -> [Substring] {
        let marker = "-- include "
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(marker) }) else { return [] }
        return line.dropFirst(marker.count).split(separator: " ")
    }

    /// The text less its comments: the server keeps every script in memory.
    private static func code(of text: String) -> Substring {
        let lines = text.split(separator: "\n").filter { line in
            !line.drop(while: { $0 == " " }).hasPrefix("--")
        }
        return Substring(lines.joined(separator: "\n"))
    }

    private static func substitute(in text: String) throws(RedisError) -> String {
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            let word = rest[rest.index(after: dollar)...].prefix { $0 == "_" || $0.isUppercase }
            // A pattern of Lua's may end in a dollar sign.
            if word.isEmpty {
                result += "$"
            } else if let number = ScriptWords.all[String(word)] {
                result += number
            } else {
                throw RedisError(.unfit, "a script names $\(word), which does not exist")
            }
            rest = rest[word.endIndex...]
        }
        return result + rest
    }
}

/// The scripts' files, by name.
enum ScriptFiles {
    static let all: [String: [UInt8]] = [
        "cancel": PackageResources.cancel_lua,
        "claim": PackageResources.claim_lua,
        "clock": PackageResources.clock_lua,
        "heartbeat": PackageResources.heartbeat_lua,
        "insert": PackageResources.insert_lua,
        "keys": PackageResources.keys_lua,
        "list": PackageResources.list_lua,
        "machine": PackageResources.machine_lua,
        "maintenance": PackageResources.maintenance_lua,
        "may-grow": PackageResources.may_grow_lua,
        "node": PackageResources.node_lua,
        "nodes": PackageResources.nodes_lua,
        "places": PackageResources.places_lua,
        "probe": PackageResources.probe_lua,
        "prune": PackageResources.prune_lua,
        "read": PackageResources.read_lua,
        "records": PackageResources.records_lua,
        "report": PackageResources.report_lua,
        "requeue": PackageResources.requeue_lua,
        "set-type": PackageResources.set_type_lua,
        "settle": PackageResources.settle_lua,
        "statistics": PackageResources.statistics_lua,
        "sweep": PackageResources.sweep_lua,
        "types": PackageResources.types_lua,
        "writes": PackageResources.writes_lua,
    ]
}

#endif
