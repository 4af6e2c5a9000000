import Foundation

/// How values of a setting are parsed and formatted.
struct SettingKind<Value: Sendable>: Sendable {
    /// The legal values, as a phrase after "must be".
    let legal: String
    /// Returns the value of `text`; nil if it is not legal.
    let parse: @Sendable (_ text: String) -> Value?
    /// Returns the value as it would be written in a file.
    let format: @Sendable (Value) -> String
    /// Whether the value is never shown and may be in a file of its own.
    var isSecret = false
}

extension SettingKind<String> {
    static let text = SettingKind(
        legal: "non-empty text", parse: { $0.isEmpty ? nil : $0 }, format: { $0 })
}

extension SettingKind<String?> {
    /// An optional path; nil is written as an empty string.
    static let optionalPath = SettingKind(
        legal: "a path, or empty for none", parse: { .some($0.isEmpty ? nil : $0) }, format: { $0 ?? "" })
}

extension SettingKind<Bool> {
    static let flag = SettingKind(
        legal: "true or false",
        parse: { text in
            switch text.lowercased() {
            case "true", "yes", "on", "1": true
            case "false", "no", "off", "0": false
            default: nil
            }
        },
        format: { $0 ? "true" : "false" })
}

extension SettingKind<Int> {
    static func integer(_ range: ClosedRange<Int>) -> SettingKind {
        SettingKind(
            legal: "between \(range.lowerBound) and \(range.upperBound)",
            parse: { text in Int(text).flatMap { range ~= $0 ? $0 : nil } },
            format: { String($0) })
    }

    static let port = SettingKind(
        legal: "a port between 0 (any free port) and 65535",
        parse: integer(0...65_535).parse, format: { String($0) })

    static func bytes(_ range: ClosedRange<Int>) -> SettingKind {
        SettingKind(
            legal: "a size like 512KiB or 1MiB, from \(ByteSizeText.format(range.lowerBound))"
                + " to \(ByteSizeText.format(range.upperBound))",
            parse: { text in ByteSizeText.parse(text).flatMap { range ~= $0 ? $0 : nil } },
            format: ByteSizeText.format)
    }
}

extension SettingKind<Int?> {
    /// A positive integer; 0 = no limit.
    static func limit(upTo maximum: Int) -> SettingKind {
        SettingKind(
            legal: "between 1 and \(maximum), or 0 for no limit",
            parse: { text in
                guard let value = Int(text), 0...maximum ~= value else { return nil }
                return .some(value == 0 ? nil : value)
            },
            format: { String($0 ?? 0) })
    }

    /// A size; 0 = no limit.
    static func sizeLimit(from minimum: Int) -> SettingKind {
        SettingKind(
            legal: "a size like 10GiB, from \(ByteSizeText.format(minimum)), or 0 for no limit",
            parse: { text in
                guard let value = ByteSizeText.parse(text), value == 0 || value >= minimum else { return nil }
                return .some(value == 0 ? nil : value)
            },
            format: { ByteSizeText.format($0 ?? 0) })
    }
}

extension SettingKind<Duration> {
    static func duration(_ range: ClosedRange<Duration>) -> SettingKind {
        SettingKind(
            legal: "a duration like 500ms, 30s, 1h30m or 7d, from \(DurationText.format(range.lowerBound))"
                + " to \(DurationText.format(range.upperBound))",
            parse: { text in DurationText.parse(text).flatMap { range ~= $0 ? $0 : nil } },
            format: DurationText.format)
    }
}

extension SettingKind where Value: CaseIterable & RawRepresentable<String> {
    static var choice: SettingKind {
        SettingKind(
            legal: Value.allCases.map(\.rawValue).joined(separator: " or "),
            parse: { Value(rawValue: $0) }, format: { $0.rawValue })
    }
}

extension SettingKind<String?> {
    /// Optional text; nil is written as an empty string.
    static let optionalText = SettingKind(
        legal: "text, or empty for none", parse: { .some($0.isEmpty ? nil : $0) }, format: { $0 ?? "" })

    /// Text that is never shown. Any value is legal, so no message repeats it.
    static let secret = SettingKind(
        legal: optionalText.legal, parse: optionalText.parse, format: { $0 == nil ? "" : "(set)" },
        isSecret: true)

    /// Properties, some of which may be secret; only whether there are any is shown.
    static let secretList = SettingKind(
        legal: "name=value;name=value, or empty for none", parse: optionalText.parse, format: secret.format,
        isSecret: true)

    /// Comma-separated addresses, whose passwords are not shown. They are validated where they are used, so no message
    /// here repeats them.
    static func address(of place: String) -> SettingKind {
        SettingKind(
            legal: "\(place), or empty for none", parse: optionalText.parse,
            format: { $0.map(PasswordText.hidden) ?? "" })
    }
}
