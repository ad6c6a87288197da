using System.Text;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Captioning;

/// <summary>BLIP's text step for captions it is trained and tested on (data/utils.py, <c>pre_caption</c>).</summary>
public static class BlipCaption
{
    /// <summary>Lower case, <c>. ! " ( ) * # : ; ~</c> to spaces, runs of white space to one space, trimmed, cut after a number of words.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="longest">Words kept, 1 or more. BLIP: 50, in pretraining 30.</param>
    public static string Clean(string text, int longest = 50)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 1);
        var builder = new StringBuilder(Math.Min(text.Length, 1024));
        var (words, open) = (0, false);
        foreach (var c in ClipTextCleaner.PythonLower(text))
        {
            if (c is '.' or '!' or '"' or '(' or ')' or '*' or '#' or ':' or ';' or '~' || ClipTextCleaner.IsPythonSpace(c))
            {
                open = false;
                continue;
            }

            if (!open)
            {
                if (words++ == longest)
                {
                    break;
                }

                builder.Append(builder.Length > 0 ? " " : "");
                open = true;
            }

            builder.Append(c);
        }

        return builder.ToString();
    }
}
