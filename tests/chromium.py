"""A headless browser for the tests of web pages."""

import shutil

import pytest

ARGUMENTS = (
    'headless=new',
    'no-sandbox',
    'no-first-run',
    'disable-gpu',
    'disable-quic',
    'disable-dev-shm-usage',
    'disable-background-networking',
    'disable-component-update',
    'disable-sync',
)


def driven(profile):
    """Yield the driver of a browser with its profile in this directory; quit it afterwards."""
    webdriver = pytest.importorskip('selenium.webdriver', reason='selenium is not installed')
    programs = [shutil.which(name) for name in ('chromium', 'chromedriver')]
    if not all(programs):
        pytest.skip("Debian's chromium and chromium-driver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ARGUMENTS + ('user-data-dir={}'.format(profile),):
        options.add_argument('--' + argument)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(programs[1]))
    yield driver
    driver.quit()
