import Foundation
import NIOSSL

/// Paths of the server's certificate and private key, both in PEM.
public struct CertificateFiles: Sendable, Hashable {
    /// The certificate, followed by its intermediate certificates.
    public var certificateFile: String
    public var keyFile: String

    public init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }

    /// Modification times and sizes of the files, to detect changes.
    struct Stamp: Equatable {
        let dates: [Date]
        let sizes: [Int]
    }

    var stamp: Stamp? {
        var (dates, sizes) = ([Date](), [Int]())
        for path in [certificateFile, keyFile] {
            // Follows symbolic links: a renewal may only change a link's target.
            let path = URL(filePath: path).resolvingSymlinksInPath().path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                let date = facts[.modificationDate] as? Date, let size = facts[.size] as? Int
            else { return nil }
            dates.append(date)
            sizes.append(size)
        }
        return Stamp(dates: dates, sizes: sizes)
    }

    /// Reads both files.
    ///
    /// - Throws: ``ServerError`` that names the unusable file.
    func makeContext() throws(ServerError) -> NIOSSLContext {
        let chain = try read(certificateFile, "certificate") { try NIOSSLCertificate.fromPEMFile($0) }
        guard !chain.isEmpty else {
            throw ServerError(.badCertificate, "no certificate in '\(certificateFile)'")
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
                .badCertificate,
                "the key in '\(keyFile)' does not match the certificate in '\(certificateFile)'", cause: error
            )
        }
    }

    /// The cipher suites for TLS 1.2: only those with forward secrecy and authenticated encryption, so none with CBC.
    /// All suites of TLS 1.3 have both, and are not configurable.
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
