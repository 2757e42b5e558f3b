"""Link the HTML diagram of an estimator to its page in the documentation."""

from __future__ import annotations

import skcnnlstm

# The page that Sphinx writes for docs/api.md.
DOCUMENTATION = "https://skcnnlstm.github.io/skcnnlstm"


class DocLinkMixin:
    """Mixin that links estimators to their documentation; use it left of BaseEstimator.

    scikit-learn reads the three attributes of this class. A class of another package
    that derives from an estimator of this package gets no link.
    """

    _doc_link_module = "skcnnlstm"
    _doc_link_template = f"{DOCUMENTATION}/generated/{{page}}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        name = type(self).__name__
        is_public = name in skcnnlstm.__all__
        prefix = "skcnnlstm" if is_public else "skcnnlstm.references"
        return {"page": f"{prefix}.{name}"}
