#if Redis

/// Assembles scripts: the files named in the `-- include` line of a script, followed by its own file.
///
/// A file named in a line `-- first NAME` is a fast path that may answer the call before anything else runs. The rest then
/// is one function, so that a call answered early does not make the functions of all included files.
///
/// A line `-- define NAME VALUE` replaces `NAME` by the value wherever it occurs outside of quotes. `$NAME` is replaced
/// everywhere by a number from ``ScriptWords``. The forms of ``Forms`` and their fields have names, too; see
/// ``FormMacros``. Such names cost nothing at run time, whereas a local used by many functions makes creating each of
/// these functions slower, in every call.
enum ScriptText {
    /// The texts of all scripts, assembled once per process; a failure if a script uses an unknown name.
    static let all = texts(fastPaths: true)

    /// The same without the fast paths for common cases, which must have the same effect as the general code.
    static let general = texts(fastPaths: false)

    /// The full text of a script.
    ///
    /// - Throws: ``RedisError`` if a script uses an unknown name.
    static func text(of script: RedisScript) throws(RedisError) -> String {
        try text(of: script, in: all.get())
    }

    /// The full text of a script in `texts`.
    ///
    /// - Throws: ``RedisError`` if it is missing.
    static func text(
        of script: RedisScript, in texts: [RedisScript: String]
    ) throws(RedisError) -> String {
        guard let text = texts[script] else {
            throw RedisError(.unsuitable, "no such script: \(script.rawValue).lua")
        }
        return text
    }

    private static func texts(fastPaths: Bool) -> Result<[RedisScript: String], RedisError> {
        Result { () throws(RedisError) in
            var pieces: [String: ScriptPiece] = [:]
            for (name, bytes) in ScriptFiles.all { pieces[name] = try ScriptPiece(bytes) }
            var texts: [RedisScript: String] = [:]
            for script in RedisScript.allCases {
                texts[script] = try make(script, of: pieces, fastPaths: fastPaths)
            }
            return texts
        }
    }

    private static func make(
        _ script: RedisScript, of pieces: [String: ScriptPiece], fastPaths: Bool
    ) throws(RedisError) -> String {
        var definitions = Forms.definitions
        definitions["FAST_PATHS"] = fastPaths ? "true" : "false"
        var code: [String] = []
        for name in (pieces[script.rawValue]?.includes ?? []) + [script.rawValue] {
            guard let piece = pieces[name] else {
                throw RedisError(.unsuitable, "no such script: \(name).lua")
            }
            definitions.merge(piece.definitions) { first, _ in first }
            code.append(piece.code)
        }
        if fastPaths, let name = pieces[script.rawValue]?.fastPath {
            guard let piece = pieces[name] else {
                throw RedisError(.unsuitable, "no such script: \(name).lua")
            }
            code = [piece.code, "local function run()"] + code + ["end", "return run()"]
        }
        return try substitute(definitions, in: code.joined(separator: "\n"))
    }

    /// Replaces names outside of quotes by their values, and names with a dollar sign by numbers.
    private static func substitute(
        _ definitions: [String: String], in text: String
    ) throws(RedisError) -> String {
        let text = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(2 * text.count)
        var (at, isQuoted) = (0, false)
        while at < text.count {
            let first = text[at]
            let end = text[at...].firstIndex { !$0.isPartOfScriptWord } ?? text.count
            guard end > at else {
                if first == UInt8(ascii: "'") { isQuoted.toggle() }
                if first == UInt8(ascii: "\n") { isQuoted = false }
                result.append(first)
                at += 1
                continue
            }
            let word = text[at..<end]
            at = end
            // Only words without lower-case letters can be definitions.
            let isName = word.allSatisfy { !(UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0) }
            let name = isName && !isQuoted ? String(decoding: word, as: UTF8.self) : nil
            if let name, let value = definitions[name] {
                result += try numbered(value).utf8
            } else if word.contains(UInt8(ascii: "$")) {
                result += try numbered(String(decoding: word, as: UTF8.self)).utf8
            } else {
                result += word
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Replaces the names with a dollar sign by numbers.
    private static func numbered(_ text: String) throws(RedisError) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        var result = ""
        var rest = Substring(text)
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            let word = rest[rest.index(after: dollar)...].prefix { $0 == "_" || $0.isUppercase }
            // A Lua pattern may end with a dollar sign.
            if word.isEmpty {
                result += "$"
            } else if let number = ScriptWords.all[String(word)] {
                result += number
            } else {
                throw RedisError(.unsuitable, "unknown name $\(word) in a script")
            }
            rest = rest[word.endIndex...]
        }
        return result + rest
    }
}

/// A parsed script file.
private struct ScriptPiece {
    /// The code, without comments and with expanded form macros.
    let code: String
    /// The defined names and their values.
    var definitions: [String: String] = [:]
    /// The files to include before it.
    var includes: [String] = []
    /// The file that may answer a call before everything else.
    var fastPath: String?

    init(_ bytes: [UInt8]) throws(RedisError) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        for line in lines where line.hasPrefix("-- ") {
            let words = line.split(separator: " ", maxSplits: 3)
            if words.count == 4, words[1] == "define" {
                definitions[String(words[2])] = String(words[3])
            } else if words.count > 2, words[1] == "include" {
                includes = line.split(separator: " ").dropFirst(2).map { String($0) }
            } else if words.count == 3, words[1] == "first" {
                fastPath = String(words[2])
            }
        }
        let code = lines.filter { !$0.drop(while: { $0 == " " }).hasPrefix("--") }
        self.code = try FormMacros.expand(code.joined(separator: "\n"))
    }
}

/// The script files, by name.
enum ScriptFiles {
    static let all: [String: [UInt8]] = [
        "acknowledge": PackageResources.acknowledge_lua,
        "adopt": PackageResources.adopt_lua,
        "birth": PackageResources.birth_lua,
        "cancel": PackageResources.cancel_lua,
        "claim": PackageResources.claim_lua,
        "clock": PackageResources.clock_lua,
        "due-schedules": PackageResources.due_schedules_lua,
        "empty-claim": PackageResources.empty_claim_lua,
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
        "remove-schedule": PackageResources.remove_schedule_lua,
        "remove-types": PackageResources.remove_types_lua,
        "report": PackageResources.report_lua,
        "requeue": PackageResources.requeue_lua,
        "rewrite": PackageResources.rewrite_lua,
        "rewriting": PackageResources.rewriting_lua,
        "save-schedule": PackageResources.save_schedule_lua,
        "schedule": PackageResources.schedule_lua,
        "schedules": PackageResources.schedules_lua,
        "set-type": PackageResources.set_type_lua,
        "settle": PackageResources.settle_lua,
        "sink-cursor": PackageResources.sink_cursor_lua,
        "statistics": PackageResources.statistics_lua,
        "submit": PackageResources.submit_lua,
        "sweep": PackageResources.sweep_lua,
        "timetable": PackageResources.timetable_lua,
        "transfer-note": PackageResources.transfer_note_lua,
        "types": PackageResources.types_lua,
        "unique": PackageResources.unique_lua,
        "unique-holders": PackageResources.unique_holders_lua,
        "writes": PackageResources.writes_lua,
    ]
}

#endif
