import CCrypto

/// The SHA-256 of bytes that come in pieces.
package struct SHA256: ~Copyable {
  private let context = EVP_MD_CTX_new()

  /// Begins with no bytes.
  package init() {
    // These calls fail only without memory or without the algorithm, which libcrypto always has.
    precondition(EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1, "libcrypto has SHA-256")
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes.
  package mutating func update(_ bytes: [UInt8]) {
    precondition(EVP_DigestUpdate(context, bytes, bytes.count) == 1, "libcrypto hashes")
  }

  /// The digest in hexadecimal digits.
  package consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1, "libcrypto hashes")
    return digest.map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 2 ? digits : "0" + digits
    }.joined()
  }

  /// The digest of some bytes in hexadecimal digits.
  package static func of(_ bytes: [UInt8]) -> String {
    var digest = SHA256()
    digest.update(bytes)
    return digest.finish()
  }
}
