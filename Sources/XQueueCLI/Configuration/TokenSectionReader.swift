import XQueueServer
import Yams

/// Reads the section `auth.tokens`, such as `ci: { sha256: …, scopes: [submit, read], types: [thumbnail] }`, including
/// quotas.
struct TokenSectionReader {
    private(set) var tokens: [AccessToken] = []
    private(set) var problems: [(text: String, node: Node)] = []

    private static let members = ["sha256", "scopes", "types", "key_namespace"] + quotas.map(\.name)
    private static let quotas: [(name: String, path: any WritableKeyPath<TokenQuota, Int?> & Sendable)] = [
        ("max_types", \.types), ("max_backlog", \.backlog), ("max_streams", \.streams),
        ("max_workers", \.workers), ("max_sessions", \.sessions),
    ]

    mutating func read(_ node: Node) {
        guard let entries = node.mapping else {
            return add("must be a section of tokens, like 'ci: { sha256: …, scopes: [submit] }'", node)
        }
        for (name, entry) in entries { token(name, entry) }
    }

    private mutating func token(_ key: Node, _ node: Node) {
        let name = key.string ?? ""
        guard let mapping = node.mapping else { return add("'\(name)' must have 'sha256' and 'scopes'", key) }
        let before = problems.count
        for (key, _) in mapping where !Self.members.contains(key.string ?? "") {
            let name = key.string ?? "?"
            add("unknown key '\(name)'\(Suggestion.phrase(for: name, among: Self.members))", key)
        }
        if !(1...100 ~= name.utf8.count) || name == AuthSettings.tokenName {
            add("a token's name must be text of 1 to 100 bytes", key)
        }
        // The value may be the token itself by mistake, so no message repeats it.
        let hash = mapping["sha256"]?.scalar.flatMap { TokenHash(hex: $0.string) }
        if hash == nil {
            add(
                "'sha256' must be the 64 hexadecimal digits that 'xqueue token new' prints",
                mapping["sha256"] ?? key)
        } else if tokens.contains(where: { $0.hash == hash }) {
            add("'\(name)' has the same hash as another token", key)
        }
        let scopes = scopes(mapping["scopes"], key)
        let types = mapping["types"].flatMap { texts($0, "types") }
        let namespace = mapping["key_namespace"].flatMap { word($0, "key_namespace") }
        var quota = TokenQuota()
        for (name, path) in Self.quotas {
            if let node = mapping[name] { quota[keyPath: path] = number(node, name) }
        }
        guard problems.count == before, let hash else { return }
        tokens.append(
            AccessToken(
                name: name, hash: hash, scopes: scopes, types: types.map(Set.init), keyNamespace: namespace,
                quota: quota))
    }

    /// Reads a name like those of types, without the characters that separate namespaces, types and keys.
    private mutating func word(_ node: Node, _ name: String) -> String? {
        let text = node.scalar?.string ?? ""
        let isLegal = text.utf8.allSatisfy { byte in
            let character = Character(Unicode.Scalar(byte))
            return character.isASCII
                && (character.isLetter || character.isNumber || "._:-".contains(character))
        }
        guard 1...64 ~= text.utf8.count, isLegal else {
            add("'\(name)' must be 1 to 64 letters, digits, '.', '_', ':' or '-'", node)
            return nil
        }
        return text
    }

    private mutating func number(_ node: Node, _ name: String) -> Int? {
        guard let number = node.scalar.flatMap({ Int($0.string) }), 1...1_000_000_000 ~= number else {
            add("'\(name)' must be between 1 and 1000000000", node)
            return nil
        }
        return number
    }

    private mutating func scopes(_ node: Node?, _ place: Node) -> AccessScopes {
        guard let node else {
            add("'scopes' is required: one or more of \(Self.words)", place)
            return []
        }
        var scopes: AccessScopes = []
        for word in texts(node, "scopes") ?? [] {
            guard let scope = AccessScopes(word: word) else {
                add("unknown scope '\(word)': must be one of \(Self.words)", node)
                continue
            }
            scopes.formUnion(scope)
        }
        return scopes
    }

    private mutating func texts(_ node: Node, _ name: String) -> [String]? {
        let texts = node.sequence?.compactMap(\.scalar?.string) ?? []
        guard !texts.isEmpty, texts.count == node.sequence?.count, !texts.contains("") else {
            add("'\(name)' must be a non-empty list of words", node)
            return nil
        }
        return texts
    }

    private static var words: String { AccessScopes.words.map(\.name).joined(separator: ", ") }

    private mutating func add(_ text: String, _ node: Node) {
        problems.append(("auth.tokens: \(text)", node))
    }
}
