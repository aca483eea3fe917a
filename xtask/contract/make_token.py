"""Prints a token for the API of the Kith at the origin that is the argument.

It belongs to the admin `soak`, whose password is in KITH_USER_PASSWORD.
"""

import os
import re
import sys

import requests

origin = sys.argv[1]
browser = requests.Session()
browser.headers["Origin"] = origin


def submit(path, **form):
    answer = browser.post(origin + path, data=form, timeout=60)
    answer.raise_for_status()
    return answer.text


submit("/sign-in", name="soak", password=os.environ["KITH_USER_PASSWORD"])
page = submit("/account/tokens", name="soak", scope="admin", days="30")
print(re.search(r'id="new-token".*?(kith_[^<]+)<', page, re.DOTALL).group(1))
