import XQueueCore

@testable import XQueueCLI

extension FuzzReader {
    /// A configuration file. Every accepted value, as `xqueue serve --print-config` writes it, is accepted again.
    static let configuration = FuzzReader("configuration") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let file = try? ConfigurationFile(
                text: text, path: "/nowhere/xqueue.yaml", settings: SettingsTable.all,
                environment: ["SECRET": "a secret of some length"])
        else { return false }
        for setting in SettingsTable.all {
            guard let value = file.values[setting.key] else { continue }
            var configuration = ServeConfiguration()
            guard setting.write(value, &configuration) else { continue }
            let written = setting.read(configuration)
            try require(
                setting.write(written, &configuration) && setting.read(configuration) == written,
                "\(setting.key): '\(value)' is written as '\(written)'")
        }
        for handler in file.handlers {
            let type = handler.type.utf8.count
            try require(1...ModelLimits.typeLength ~= type, "a type of \(type) bytes")
        }
        return !file.values.isEmpty || !file.handlers.isEmpty || !file.tokens.isEmpty
    }

    /// Durations, sizes, host names and addresses in settings.
    static let settingText = FuzzReader("setting-text") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let hidden = PasswordText.hidden(text)
        try require(PasswordText.hidden(hidden) == hidden, "\(text) is shown as \(hidden)")
        let duration = DurationText.parse(text)
        if let duration {
            let written = DurationText.format(duration)
            try require(DurationText.parse(written) == duration, "\(text) is written as \(written)")
        }
        let size = ByteSizeText.parse(text)
        if let size {
            let written = ByteSizeText.format(size)
            try require(ByteSizeText.parse(written) == size, "\(text) is written as \(written)")
        }
        let hosts = WebhookHosts(text)
        _ = hosts?.allow("https://service.example/tasks")
        _ = hosts?.allow(text)
        return duration != nil || size != nil
    }
}
