import Foundation
import NIOSSL

/// Where the server's certificate and its private key stand, both in PEM.
public struct CertificateFiles: Sendable, Hashable {
    /// The certificate, followed by those that vouch for it.
    public var certificateFile: String
    public var keyFile: String

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// What tells one state of the files from the next: when they were written, and how large they are.
    struct Stamp: Equatable {
        let dates: [Date]
        let sizes: [Int]
    }

    var stamp: Stamp? {
        var (dates, sizes) = ([Date](), [Int]())
        for path in [certificateFile, keyFile] {
            // Through links, as certificates are renewed by changing where one leads.
            let path = URL(filePath: path).resolvingSymlinksInPath().path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                let date = facts[.modificationDate] as? Date, let size = facts[.size] as? Int
            else { return nil }
            dates.append(date)
            sizes.append(size)
        }
        return Stamp(dates: dates, sizes: sizes)
    }

    /// Reads both.
    ///
    /// - Throws: ``ServerError`` that names the file that cannot be used.
    func makeContext() throws(ServerError) -> NIOSSLContext {
        let chain = try read(certificateFile, "certificate") { try NIOSSLCertificate.fromPEMFile($0) }
        guard !chain.isEmpty else {
            throw ServerError(.badCertificate, "there is no certificate in '\(certificateFile)'")
        }
        let key = try read(keyFile, "private key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.cipherSuiteValues = Self.cipherSuites
        configuration.applicationProtocols = ["h2", "http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ServerError(
                .badCertificate, "'\(keyFile)' is not the key of the certificate in '\(certificateFile)'",
                cause: error)
        }
    }

    /// What TLS 1.2 may agree on: forward secrecy and authenticated encryption only, so none of the suites with CBC.
    /// Those of TLS 1.3 are all like that, and not to be chosen from.
    private static let cipherSuites: [NIOTLSCipher] = [
        .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ]

    private func read<Value>(
        _ path: String, _ what: String, _ body: (String) throws -> Value
    ) throws(ServerError) -> Value {
        do {
            return try body(path)
        } catch {
            throw ServerError(.badCertificate, "cannot read the \(what) in '\(path)'", cause: error)
        }
    }
}
