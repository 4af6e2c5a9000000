import XQueue
import XQueueHandlers

// The code of `XQueueHandlers.docc`, which holds parts of this file word for word: `ArticleTests` compares them.

enum HandlersArticle {
    static func registerProgram(_ manager: TaskManager) throws {
        var resize = ExecProgram(
            "./resize.sh", arguments: ["--width", "200"], workingDirectory: "/srv/media")
        resize.environment["THREADS"] = "2"
        try manager.register("resize", ExecHandler(resize), maxConcurrency: 4)
    }

    static func registerService(_ manager: TaskManager, key: [UInt8]) throws {
        var mail = Webhook(url: "https://mailer.example/tasks", secret: WebhookSecret(key))
        mail.timeout = .seconds(30)
        try manager.register("mail", WebhookHandler(mail))
    }
}
