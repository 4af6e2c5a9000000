import Foundation

extension SettingKind<String?> {
    /// Text that may be left out, which is written as nothing.
    static let optionalText = SettingKind(
        legal: "text, or empty for none", parse: { .some($0.isEmpty ? nil : $0) }, format: { $0 ?? "" })

    /// Text that is never shown. Everything is legal, so that no message repeats it.
    static let secret = SettingKind(
        legal: optionalText.legal, parse: optionalText.parse, format: { $0 == nil ? "" : "(set)" })

    /// Properties of which some may be secret: only that there are any is shown.
    static let secretList = SettingKind(
        legal: "name=value;name=value, or empty for none", parse: optionalText.parse, format: secret.format)

    /// An address that may hold a password, which is not shown. What is wrong with it is found where it is
    /// read, so that no message repeats it.
    static let redisAddress = SettingKind(
        legal: "an address of Redis, or empty for none", parse: optionalText.parse,
        format: withoutPassword)

    /// The same for an MQTT broker, whose password belongs into a setting of its own.
    static let brokerAddress = SettingKind(
        legal: "an address of an MQTT broker, or empty for none", parse: optionalText.parse,
        format: withoutPassword)

    private static let withoutPassword: @Sendable (String?) -> String = { text in
        guard let text, let at = text.lastIndex(of: "@") else { return text ?? "" }
        let scheme = text.range(of: "://").map { text[..<$0.upperBound] } ?? ""
        return scheme + "(set)" + text[at...]
    }
}
