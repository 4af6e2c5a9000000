import Foundation
import XQueue
import XQueueCore
import XQueueHandlers
import Yams

/// Reads the members of a webhook handler.
struct WebhookDefinitionReader {
    /// The members of a webhook handler, besides `max_concurrency`.
    static let members = [
        "webhook", "secret_env", "secret_file", "headers", "header_files", "timeout", "max_response",
    ]
    /// The headers that the program sets itself.
    private static let ownHeaders = [
        "content-type", "content-length", "host", "connection", "transfer-encoding",
    ]

    /// The folder that relative paths start from.
    let folder: String
    let environment: [String: String]
    private(set) var definition = Webhook(url: "")
    private(set) var problems: [(text: String, node: Node)] = []

    init(folder: String, environment: [String: String]) {
        self.folder = folder
        self.environment = environment
    }

    mutating func member(_ name: String, _ value: Node, at key: Node) {
        switch name {
        case "webhook": address(value, at: key)
        case "secret_env": secretVariable(value, at: key)
        case "secret_file": secretFile(value, at: key)
        case "headers": headers(value, "headers", at: key) { .success($0) }
        case "header_files":
            let folder = folder
            headers(value, "header_files", at: key) { path in
                SecretFiles.value(in: URL(filePath: path, relativeTo: URL(filePath: folder + "/")).path)
            }
        case "timeout":
            let kind = SettingKind<Duration>.duration(.milliseconds(100)...ModelLimits.maxDuration)
            guard let timeout = value.scalar.flatMap({ kind.parse($0.string) }) else {
                return add("'timeout' must be \(kind.legal)", key)
            }
            definition.timeout = timeout
        default:
            let kind = SettingKind<Int>.bytes(2...(1 << 30))
            guard let size = value.scalar.flatMap({ kind.parse($0.string) }) else {
                return add("'max_response' must be \(kind.legal)", key)
            }
            definition.maxResponse = size
        }
    }

    private mutating func address(_ value: Node, at key: Node) {
        guard let text = value.scalar?.string, let parts = URLComponents(string: text),
            ["http", "https"].contains(parts.scheme?.lowercased()), let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.fragment == nil
        else {
            return add(
                "'webhook' must be a URL like https://service.example/tasks, without user name and password",
                key)
        }
        definition.url = text
    }

    private mutating func secretVariable(_ value: Node, at key: Node) {
        guard let name = value.scalar?.string, !name.isEmpty else {
            return add("'secret_env' must be the name of an environment variable", key)
        }
        guard let text = environment[name], !text.isEmpty else {
            return add("'secret_env': \(name) is not set in the environment", key)
        }
        take(Array(text.utf8), at: key, from: "secret_env")
    }

    private mutating func secretFile(_ value: Node, at key: Node) {
        guard let path = value.scalar?.string, !path.isEmpty else {
            return add("'secret_file' must be a path", key)
        }
        let url = URL(filePath: path, relativeTo: URL(filePath: folder + "/"))
        guard let data = try? Data(contentsOf: url) else {
            return add("'secret_file': cannot read '\(path)'", key)
        }
        // Editors end files with a line feed, which is not part of the key.
        var bytes = Array(data)
        while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
        take(bytes, at: key, from: "secret_file")
    }

    private mutating func take(_ bytes: [UInt8], at key: Node, from name: String) {
        guard let secret = WebhookSecret(bytes) else {
            return add("'\(name)': the secret must be at least \(WebhookSecret.minBytes) bytes long", key)
        }
        guard definition.secret == nil else {
            return add("'secret_env' and 'secret_file' cannot be combined", key)
        }
        definition.secret = secret
    }

    /// - Parameter resolve: Returns the value of a header for the text in the file.
    private mutating func headers(
        _ value: Node, _ member: String, at key: Node,
        resolve: (String) -> Result<String, SecretFiles.Problem>
    ) {
        guard let mapping = value.mapping else {
            return add("'\(member)' must be a section of names and values", key)
        }
        for (name, value) in mapping {
            guard let name = name.string, let text = value.scalar?.string else {
                add("'\(member)' must hold names and single-line values", key)
                continue
            }
            switch resolve(text) {
            case .success(let text): header(name, text, member, at: key)
            case .failure(let problem): add("'\(member)': '\(text)' \(problem.text)", key)
            }
        }
    }

    private mutating func header(_ name: String, _ text: String, _ member: String, at key: Node) {
        guard Self.isHeader(name, text) else {
            return add("'\(member)' must hold names and single-line values", key)
        }
        let lower = name.lowercased()
        guard !Self.ownHeaders.contains(lower), !lower.hasPrefix("x-xqueue-") else {
            return add("'\(member)': '\(name)' is set by xqueue itself", key)
        }
        guard !definition.headers.keys.contains(where: { $0.lowercased() == lower }) else {
            return add("'\(member)': duplicate header '\(name)'", key)
        }
        definition.headers[name] = text
    }

    private static func isHeader(_ name: String, _ value: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            } && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private mutating func add(_ text: String, _ node: Node) {
        problems.append((text, node))
    }
}

/// The hosts that webhooks may call.
struct WebhookHosts: Sendable, Hashable {
    /// Host names such as `service.example`, or `*.example` for all subdomains; empty = any host.
    var names: [String] = []

    /// Fails if a name is not a host name.
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

    /// Returns whether the host of `url` is among them.
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
