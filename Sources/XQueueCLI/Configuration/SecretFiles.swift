import Foundation

/// Reads secret settings from files of their own, as systemd and Docker provide them.
enum SecretFiles {
    /// Maximum size of a secret file.
    private static let maxBytes = 64 << 10

    /// Sets the secret settings from their files; returns the problems. No message repeats a secret.
    static func read(
        _ settings: [Setting], into resolved: inout ResolvedConfiguration
    ) -> [(ConfigurationError.Kind, String)] {
        var problems: [(ConfigurationError.Kind, String)] = []
        for setting in settings where setting.isSecret {
            guard let path = resolved.values.secretFiles[setting.key] else { continue }
            let key = setting.key + Setting.fileSuffix
            let source = resolved.sources[key] ?? .default
            let kind: ConfigurationError.Kind = if case .flag = source { .usage } else { .configuration }
            guard setting.read(resolved.values).isEmpty else {
                problems.append((kind, "\(setting.key) and \(key) cannot both be set"))
                continue
            }
            switch value(in: path) {
            case .success(let text):
                _ = setting.write(text, &resolved.values)
                resolved.sources[setting.key] = .contents(path)
            case .failure(let problem):
                problems.append((kind, "\(key): '\(path)' (\(source)) \(problem.text)"))
            }
        }
        return problems
    }

    /// What is wrong with a file, as a phrase that follows its name.
    struct Problem: Error {
        let text: String
    }

    /// Returns the only line of the file.
    static func value(in path: String) -> Result<String, Problem> {
        guard let file = FileHandle(forReadingAtPath: path) else {
            return .failure(Problem(text: "cannot be read: \(String(cString: strerror(errno)))"))
        }
        defer { try? file.close() }
        guard var data = try? file.read(upToCount: maxBytes + 1) else {
            return .failure(Problem(text: "cannot be read"))
        }
        guard data.count <= maxBytes else { return .failure(Problem(text: "is too large for a secret")) }
        // Editors end files with a line feed, which is not part of the secret.
        while data.last == 0x0A || data.last == 0x0D { data.removeLast() }
        guard !data.isEmpty else { return .failure(Problem(text: "is empty")) }
        guard let text = String(data: data, encoding: .utf8),
            !data.contains(where: { $0 < 0x20 && $0 != 0x09 })
        else {
            return .failure(Problem(text: "must be one line of text"))
        }
        return .success(text)
    }
}
