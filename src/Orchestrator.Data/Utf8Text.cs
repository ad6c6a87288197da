using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Orchestrator.Data;

/// <summary>Strict UTF-8: bytes either are text, or stay bytes. Nothing is replaced silently.</summary>
public static class Utf8Text
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Decodes when every byte belongs to a well-formed sequence; false otherwise, with no partial result.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text)
    {
        // IsValid first: a throw per bad caption would make a pool of them very slow.
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            text = null;
            return false;
        }

        text = Strict.GetString(bytes);
        return true;
    }

    /// <summary>Text with every byte that is not part of valid UTF-8 written as <c>\xNN</c>: distinct inputs stay distinct to a reader of logs.</summary>
    public static string Escape(ReadOnlySpan<byte> bytes)
    {
        if (TryDecode(bytes, out var text))
        {
            return text;
        }

        var builder = new StringBuilder(bytes.Length + 16);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                builder.Append(rune.ToString());
            }
            else
            {
                for (var i = 0; i < used; i++)
                {
                    builder.Append(CultureInfo.InvariantCulture, $"\\x{bytes[i]:x2}");
                }
            }

            bytes = bytes[used..];
        }

        return builder.ToString();
    }
}
