import Foundation

/// How the values of a setting are written and read.
struct SettingKind<Value: Sendable>: Sendable {
    /// What may be given, as a phrase after "must be".
    let legal: String
    /// The value `text` stands for; nil if it is not legal.
    let parse: @Sendable (_ text: String) -> Value?
    /// The value as it would be written in a file.
    let format: @Sendable (Value) -> String
    /// Whether the value is never shown, and may stand in a file of its own.
    var isSecret = false
}

extension SettingKind<String> {
    static let text = SettingKind(
        legal: "text that is not empty", parse: { $0.isEmpty ? nil : $0 }, format: { $0 })
}

extension SettingKind<String?> {
    /// A path that may be left out, which is written as nothing.
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
            legal: "\(range.lowerBound) to \(range.upperBound)",
            parse: { text in Int(text).flatMap { range ~= $0 ? $0 : nil } },
            format: { String($0) })
    }

    static let port = SettingKind(
        legal: "a port, 0 (any free one) to 65535",
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
    /// An integer from 1; 0 stands for no limit.
    static func limit(upTo most: Int) -> SettingKind {
        SettingKind(
            legal: "1 to \(most), or 0 for no limit",
            parse: { text in
                guard let value = Int(text), 0...most ~= value else { return nil }
                return .some(value == 0 ? nil : value)
            },
            format: { String($0 ?? 0) })
    }

    /// A size; 0 stands for no limit.
    static func sizeLimit(from least: Int) -> SettingKind {
        SettingKind(
            legal: "a size like 10GiB, from \(ByteSizeText.format(least)), or 0 for no limit",
            parse: { text in
                guard let value = ByteSizeText.parse(text), value == 0 || value >= least else { return nil }
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
    /// Text that may be left out, which is written as nothing.
    static let optionalText = SettingKind(
        legal: "text, or empty for none", parse: { .some($0.isEmpty ? nil : $0) }, format: { $0 ?? "" })

    /// Text that is never shown. Everything is legal, so that no message repeats it.
    static let secret = SettingKind(
        legal: optionalText.legal, parse: optionalText.parse, format: { $0 == nil ? "" : "(set)" },
        isSecret: true)

    /// Properties of which some may be secret: only that there are any is shown.
    static let secretList = SettingKind(
        legal: "name=value;name=value, or empty for none", parse: optionalText.parse, format: secret.format,
        isSecret: true)

    /// Addresses, with commas between them, which may hold passwords; these are not shown. What is wrong with one is
    /// found where it is read, so that no message repeats it.
    static func address(of place: String) -> SettingKind {
        SettingKind(
            legal: "\(place), or empty for none", parse: optionalText.parse,
            format: { $0.map(PasswordText.hidden) ?? "" })
    }
}
