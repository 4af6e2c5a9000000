#if Redis

/// Puts scripts together: a verb's file, before it the pieces its `-- include` line names.
///
/// A line `-- define NAME VALUE` makes every later `NAME` outside of quotes stand for the value, and `$NAME`
/// stands for a number that Swift knows, everywhere. The forms of ``Forms`` and their fields have names as well; see
/// ``FormMacros``. Names of that kind cost nothing when a script runs, while a local that many functions use makes each of
/// them slower to make, in every call.
enum ScriptText {
    /// The texts of all scripts, put together once a process; a failure if a file names a piece or a word that
    /// does not exist.
    static let all = texts(shortWays: true)

    /// The same without the short ways that common steps take: what those do must be what the general ones do.
    static let general = texts(shortWays: false)

    private static func texts(shortWays: Bool) -> Result<[RedisScript: String], RedisError> {
        Result { () throws(RedisError) in
            var texts: [RedisScript: String] = [:]
            for script in RedisScript.allCases { texts[script] = try make(script, shortWays: shortWays) }
            return texts
        }
    }

    /// The whole text of a script.
    ///
    /// - Parameters:
    ///   - script: The verb.
    ///   - shortWays: Whether common steps take their short ways.
    /// - Throws: ``RedisError`` if a file names a piece, a word, a form or a field that does not exist.
    static func make(_ script: RedisScript, shortWays: Bool = true) throws(RedisError) -> String {
        let verb = try file(script.rawValue)
        var lines: [Substring] = []
        for piece in includes(of: verb) { lines += try file(String(piece)).split(separator: "\n") }
        lines += verb.split(separator: "\n")
        var definitions = definitions(in: lines)
        for (name, value) in Forms.definitions { definitions[name[...]] = value[...] }
        definitions["SHORT_WAYS"] = shortWays ? "true" : "false"
        let code = lines.filter { !$0.drop(while: { $0 == " " }).hasPrefix("--") }
        let expanded = try FormMacros.expand(code.joined(separator: "\n"))
        let substituted = expanded.split(separator: "\n").map { substitute(definitions, in: $0) }
        return try substituteWords(in: substituted.joined(separator: "\n"))
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

    private static func definitions(in lines: [Substring]) -> [Substring: Substring] {
        let marker = "-- define "
        var definitions: [Substring: Substring] = [:]
        for line in lines where line.hasPrefix(marker) {
            let parts = line.dropFirst(marker.count).split(separator: " ", maxSplits: 1)
            if parts.count == 2 { definitions[parts[0]] = parts[1] }
        }
        return definitions
    }

    /// Puts values in place of the names that stand outside of quotes.
    private static func substitute(_ definitions: [Substring: Substring], in line: Substring) -> String {
        var result = ""
        // Every second part is a text in quotes.
        for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
            if index > 0 { result += "'" }
            result += index.isMultiple(of: 2) ? substitute(definitions, inCode: part) : String(part)
        }
        return result
    }

    private static func substitute(_ definitions: [Substring: Substring], inCode code: Substring) -> String {
        var result = ""
        var rest = code
        while let first = rest.first {
            let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }
            if word.isEmpty {
                result.append(first)
                rest = rest.dropFirst()
            } else {
                result += definitions[word] ?? word
                rest = rest[word.endIndex...]
            }
        }
        return result
    }

    private static func substituteWords(in text: String) throws(RedisError) -> String {
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
        "acknowledge": PackageResources.acknowledge_lua,
        "adopt": PackageResources.adopt_lua,
        "birth": PackageResources.birth_lua,
        "cancel": PackageResources.cancel_lua,
        "claim": PackageResources.claim_lua,
        "clock": PackageResources.clock_lua,
        "end-transfer": PackageResources.end_transfer_lua,
        "events": PackageResources.events_lua,
        "heartbeat": PackageResources.heartbeat_lua,
        "ids": PackageResources.ids_lua,
        "insert": PackageResources.insert_lua,
        "keys": PackageResources.keys_lua,
        "list": PackageResources.list_lua,
        "machine": PackageResources.machine_lua,
        "layout": PackageResources.layout_lua,
        "layouts": PackageResources.layouts_lua,
        "lease": PackageResources.lease_lua,
        "log": PackageResources.log_lua,
        "migrate": PackageResources.migrate_lua,
        "may-grow": PackageResources.may_grow_lua,
        "node": PackageResources.node_lua,
        "nodes": PackageResources.nodes_lua,
        "places": PackageResources.places_lua,
        "probe": PackageResources.probe_lua,
        "prune": PackageResources.prune_lua,
        "read": PackageResources.read_lua,
        "records": PackageResources.records_lua,
        "remove-types": PackageResources.remove_types_lua,
        "report": PackageResources.report_lua,
        "requeue": PackageResources.requeue_lua,
        "set-type": PackageResources.set_type_lua,
        "settle": PackageResources.settle_lua,
        "sink-cursor": PackageResources.sink_cursor_lua,
        "statistics": PackageResources.statistics_lua,
        "sweep": PackageResources.sweep_lua,
        "transfer-note": PackageResources.transfer_note_lua,
        "types": PackageResources.types_lua,
        "unique": PackageResources.unique_lua,
        "writes": PackageResources.writes_lua,
    ]
}

#endif
