//! What a network may be called, and what is proposed where it may not.

use proptest::prelude::*;
use resnetc::source::{Source, Spanned};
use resnetc::spec::name;

fn refusal(word: &str) -> Option<resnetc::diagnostic::Diagnostic> {
    name::check(
        &Spanned::new(word.to_owned(), Source::new("name", word).span(0..word.len())),
        resnetc::diagnostic::suggest::Words::Quoted,
    )
}

fn proposal(word: &str) -> String {
    let fix = refusal(word).unwrap_or_else(|| panic!("{word} is allowed")).fix.unwrap().replacement;
    fix.trim_matches('"').to_owned()
}

#[test]
fn names_that_people_give_are_allowed() {
    for word in
        ["resnet50", "ResNet50", "vgg16", "a", "keras_resnet50", "paper_resnet101", "plain34", "R", "x_", "A__1"]
    {
        assert_eq!(refusal(word), None, "{word}");
    }
    assert_eq!(refusal(&"x".repeat(name::LENGTH)), None);
}

#[test]
fn a_refused_name_gets_a_name_that_works() {
    let table = [
        ("", "resnet"),
        ("resnet-50", "resnet_50"),
        ("résnet", "r_snet"),
        ("50", "resnet50"),
        ("_private", "private"),
        ("__", "resnet"),
        ("match", "match_net"),
        ("None", "None_net"),
        ("con", "con_net"),
        ("keras", "keras_net"),
        ("res net", "res_net"),
        ("\u{1d400}", "resnet"),
        ("a\nb", "a_b"),
        ("../../etc", "etc"),
    ];
    for (word, proposed) in table {
        assert_eq!(proposal(word), proposed, "{word:?}");
        assert_eq!(refusal(proposed), None, "{proposed}");
    }
    assert_eq!(proposal(&"x".repeat(name::LENGTH + 1)).len(), name::LENGTH);
}

/// `keyword.kwlist + keyword.softkwlist` of Python 3.14, and the keywords of The Rust Reference.
#[test]
fn every_keyword_is_reserved() {
    let python = "False None True and as assert async await break class continue def del elif else except finally for \
                  from global if import in is lambda nonlocal not or pass raise return try while with yield case match \
                  type";
    let rust = "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match \
                mod move mut pub ref return self Self static struct super trait true type unsafe use where while \
                abstract become box do final gen macro override priv try typeof unsized virtual yield macro_rules raw \
                safe union";
    for word in python.split_whitespace().chain(rust.split_whitespace()) {
        assert!(refusal(word).is_some(), "{word}");
        assert!(refusal(&word.to_uppercase()).is_some(), "{word} in capitals");
    }
    let generated = "keras burn main layers ops weights model std core self super crate test alloc os sys numpy lib";
    for word in generated.split_whitespace() {
        assert!(refusal(word).is_some(), "{word}");
    }
}

proptest! {
    #[test]
    fn whatever_is_proposed_is_allowed(word in ".{0,80}") {
        if let Some(refused) = refusal(&word) {
            let proposed = refused.fix.unwrap().replacement;
            prop_assert_eq!(refusal(proposed.trim_matches('"')), None);
        }
    }

    #[test]
    fn an_allowed_name_is_ascii_and_a_word(word in "\\PC{0,70}") {
        if refusal(&word).is_none() {
            prop_assert!(word.len() <= 64 && word.starts_with(|c: char| c.is_ascii_alphabetic()));
            prop_assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        }
    }
}

#[test]
fn of_two_sections_for_one_block_the_first_row_that_fits_holds() {
    let text = r#"
        use dialect mine
        dialect mine extends torchvision { names = mine }
        names mine extends torchvision {
            for basic { main.conv "first{number}.{unit}" }
            for basic { main.conv "second{number}.{unit}" main.norm "second{number}.norm{unit}" }
        }
        network tiny { input 3 x 32 x 32 stem cifar(16) stage basic(16) }"#;
    let network = resnetc::compile(&Source::new("tiny.resnet", text)).unwrap();
    let names: Vec<_> = network.layers().map(|layer| layer.name.to_owned()).collect();
    for name in ["first0.1", "first0.2", "second0.norm1", "second0.norm2"] {
        assert!(names.iter().any(|own| own == name), "{name} is not among {names:?}");
    }
}
