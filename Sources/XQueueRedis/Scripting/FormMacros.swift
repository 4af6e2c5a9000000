#if Redis

/// Puts `struct.unpack` and `struct.pack` in place of what scripts say about the fields of a form by their names.
///
/// | a script says | it is |
/// | --- | --- |
/// | `local run, key, rest = READ(STATE, blob)` | those fields; `rest` is where the texts behind the fields begin |
/// | `local ALL = READ(STATE, blob)` | every field, under its name in small letters, and `rest` |
/// | `FIELD(STATE, RUN, blob)` | one field |
/// | `WRITE(STATE, {run = now})` | the packed form; what is not named has its initial value |
/// | `WRITE(STATE, ALL, {run = now})` | the same, of the variables that have the names of the other fields |
/// | `FIELDS(STATE, {run = now})` | the values alone, in their order |
///
/// `READ` and `FIELD` take a place in the text as their last argument, if the form does not begin there.
struct FormMacros {
    private static let names: Set<String> = ["READ", "FIELD", "WRITE", "FIELDS"]

    private let text: [UInt8]
    private var at = 0
    private var result: [UInt8] = []

    private init(_ text: String) {
        self.text = Array(text.utf8)
    }

    /// - Throws: ``RedisError`` if the script names a form or a field that does not exist.
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

    /// What is left of the call names the fields.
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

    /// The values of a form's fields: those of the table, and for the others variables or initial values.
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

    /// The arguments of the call that begins here with a parenthesis.
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
        throw Self.wrong("a call without an end", [])
    }

    /// Splits at commas that stand in no parentheses and no quotes.
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
            .unfit,
            "a script says \(macro)(\(list(arguments))): there is no such form, or it has no such field")
    }
}

extension UInt8 {
    /// Whether it stands in names, keywords and numbers; a dollar sign begins the names that Swift knows.
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
