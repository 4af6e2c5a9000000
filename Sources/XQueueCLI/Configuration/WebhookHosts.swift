import Foundation

/// The hosts that webhooks may name.
struct WebhookHosts: Sendable, Hashable {
    /// Each `service.example`, or `*.example` for all below; empty for any host.
    var names: [String] = []

    /// Nil if a name is not one.
    init?(_ text: String) {
        names = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        let isLegal = names.allSatisfy { name in
            let bare = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
            return !bare.isEmpty && bare.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                && !bare.contains("*") && !bare.contains("/")
        }
        guard isLegal else { return nil }
    }

    init() {}

    /// Whether the host of `url` is among them.
    func allow(_ url: String) -> Bool {
        guard !names.isEmpty else { return true }
        guard let host = URLComponents(string: url)?.host?.lowercased() else { return false }
        return names.contains { name in
            name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
        }
    }
}

extension SettingKind<WebhookHosts> {
    static let hosts = SettingKind(
        legal: "hosts like service.example,*.internal.example, or empty for any",
        parse: { WebhookHosts($0) }, format: { $0.names.joined(separator: ",") })
}
