#if Redis

/// Expands the macros that access the fields of a form by name to `struct.unpack` and `struct.pack`.
///
/// | macro | meaning |
/// | --- | --- |
/// | `local run, key, rest = READ(STATE, blob)` | the named fields; `rest` is the position after all fields |
/// | `local ALL = READ(STATE, blob)` | every field, under its name in lower case, and `rest` |
/// | `FIELD(STATE, RUN, blob)` | one field |
/// | `WRITE(STATE, {run = now})` | the packed form; fields not named have their defaults |
/// | `WRITE(STATE, ALL, {run = now})` | the same; fields not named are variables of the same name |
/// | `FIELDS(STATE, {run = now})` | the values only, in order |
///
/// The optional last argument of `READ` and `FIELD` is the position at which the form begins.
struct FormMacros {
    private static let names: Set<String> = ["READ", "FIELD", "WRITE", "FIELDS"]

    private let text: [UInt8]
    private var at = 0
    private var result: [UInt8] = []

    private init(_ text: String) {
        self.text = Array(text.utf8)
    }

    /// - Throws: ``RedisError`` if the script names an unknown form or field.
    static func expand(_ text: String) throws(RedisError) -> String {
        var macros = FormMacros(text)
        try macros.run()
        return String(decoding: macros.result, as: UTF8.self)
    }

    private mutating func run() throws(RedisError) {
        result.reserveCapacity(2 * text.count)
        while at < text.count {
            let first = text[at]
            if first == UInt8(ascii: "'") {
                let end = text[(at + 1)...].firstIndex(of: first) ?? text.count - 1
                result += text[at...end]
                at = end + 1
            } else if first.isPartOfScriptWord {
                let end = text[at...].firstIndex { !$0.isPartOfScriptWord } ?? text.count
                let word = text[at..<end]
                at = end
                if at < text.count, text[at] == UInt8(ascii: "("),
                    case let macro = String(decoding: word, as: UTF8.self), Self.names.contains(macro)
                {
                    try expand(macro, try arguments())
                } else {
                    result += word
                }
            } else {
                result.append(first)
                at += 1
            }
        }
    }

    private mutating func expand(_ macro: String, _ arguments: [String]) throws(RedisError) {
        guard arguments.count >= 2, let form = Forms.all[arguments[0]] else {
            throw Self.wrong(macro, arguments)
        }
        switch macro {
        case "READ": try read(form, arguments)
        case "FIELD":
            guard arguments.count >= 3, let number = form.number(of: arguments[1]) else {
                throw Self.wrong(macro, arguments)
            }
            let call = "struct.unpack(" + Self.list([form.format(of: number)] + arguments[2...]) + ")"
            append(number == 1 ? "(" + call + ")" : "(select(\(number), " + call + "))")
        case "WRITE":
            let values = try Self.values(of: form, arguments)
            append("struct.pack(" + Self.list([form.format()] + values) + ")")
        default: append(Self.list(try Self.values(of: form, arguments)))
        }
    }

    private mutating func append(_ code: String) { result += code.utf8 }

    /// The names to the left of the call select the fields.
    private mutating func read(_ form: Form, _ arguments: [String]) throws(RedisError) {
        let keyword = Array("local ".utf8)
        let starts = (0...max(0, result.count - keyword.count)).reversed()
        guard let start = starts.first(where: { result[$0...].starts(with: keyword) }) else {
            throw Self.wrong("READ", arguments)
        }
        let head = result[..<(start + keyword.count)]
        var wanted = result[head.endIndex...].split { " ,=\n".utf8.contains($0) }
            .map { String(decoding: $0, as: UTF8.self) }
        let all = form.fields.map { $0.name.lowercased() } + ["rest"]
        if wanted == ["ALL"] { wanted = all }
        guard Set(wanted).isSubset(of: all), let last = all.lastIndex(where: wanted.contains) else {
            throw Self.wrong("READ", wanted)
        }
        let names = all[...last].map { wanted.contains($0) ? $0 : "_" }
        let call = "struct.unpack(" + Self.list([form.format(of: last + 1)] + arguments[1...]) + ")"
        result = Array(head)
        append(Self.list(names) + " = " + call)
    }

    /// The values of a form's fields: from the table, else variables of the same name (`ALL`) or defaults.
    private static func values(of form: Form, _ arguments: [String]) throws(RedisError) -> [String] {
        let keepsAll = arguments[1] == "ALL"
        guard let table = arguments.last, table.hasPrefix("{"), table.hasSuffix("}") else {
            throw wrong("WRITE", arguments)
        }
        var named: [String: String] = [:]
        for part in split(table.dropFirst().dropLast()) {
            guard let equals = part.firstIndex(of: "=") else { throw wrong("WRITE", [part]) }
            let name = part[..<equals].trimmed.uppercased()
            guard form.number(of: name).map({ $0 <= form.fields.count }) == true else {
                throw wrong("WRITE", [part])
            }
            named[name] = part[part.index(after: equals)...].trimmed
        }
        return form.fields.map { named[$0.name] ?? (keepsAll ? $0.name.lowercased() : $0.initial) }
    }

    /// Parses the arguments of a call, from its opening parenthesis.
    private mutating func arguments() throws(RedisError) -> [String] {
        var (depth, isQuoted) = (0, false)
        let start = at + 1
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            if !isQuoted, "({[".utf8.contains(byte) { depth += 1 }
            if !isQuoted, ")}]".utf8.contains(byte) { depth -= 1 }
            at += 1
            if depth == 0 { return Self.split(String(decoding: text[start..<(at - 1)], as: UTF8.self)[...]) }
        }
        throw Self.wrong("unterminated call", [])
    }

    /// Splits at commas outside of brackets and quotes.
    private static func split(_ text: Substring) -> [String] {
        var (parts, part, depth, isQuoted) = ([String](), "", 0, false)
        for character in text {
            if character == "'" { isQuoted.toggle() }
            if !isQuoted, "({[".contains(character) { depth += 1 }
            if !isQuoted, ")}]".contains(character) { depth -= 1 }
            if character == ",", depth == 0, !isQuoted {
                parts.append(part[...].trimmed)
                part = ""
            } else {
                part.append(character)
            }
        }
        let last = part[...].trimmed
        return last.isEmpty ? parts : parts + [last]
    }

    private static func list(_ parts: [String]) -> String { parts.joined(separator: ", ") }

    private static func wrong(_ macro: String, _ arguments: [String]) -> RedisError {
        RedisError(
            .unsuitable,
            "invalid macro in a script: \(macro)(\(list(arguments)))")
    }
}

extension UInt8 {
    /// Whether the byte is part of names, keywords and numbers. A dollar sign begins the names of ``ScriptWords``.
    var isPartOfScriptWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

#endif
