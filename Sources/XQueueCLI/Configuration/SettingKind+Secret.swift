import Foundation

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
